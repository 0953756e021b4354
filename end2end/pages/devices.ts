import { expect, type Locator, type Page } from '@playwright/test';
import { hydrated } from './hydrated.ts';

export class DevicesPage {
  constructor(
    readonly page: Page,
    private readonly scripts = true,
  ) {}

  readonly path = '/devices';
  /** Where a page asks what the app asks in a dialog. */
  readonly questionPath = '/devices/sign-out';

  get heading() {
    return this.page.getByRole('heading', { level: 1, name: 'Your devices' });
  }
  get rows() {
    return this.page.getByRole('list', { name: 'Signed-in devices' }).getByRole('listitem');
  }
  get thisDevice() {
    return this.rows.filter({ hasText: 'This device' });
  }
  get otherDevices() {
    return this.rows.filter({ hasNotText: 'This device' });
  }
  get signOutButton() {
    return this.page.getByRole('banner').getByRole('button', { name: 'Sign out', exact: true });
  }
  get signOutOthersButton() {
    return this.page.getByRole('button', { name: 'Sign out all other devices' });
  }
  get signOutEverywhereButton() {
    return this.page.getByRole('button', { name: 'Sign out everywhere' });
  }
  /** The field of the row that is being renamed; there is one at a time. */
  get nameField() {
    return this.page.getByRole('textbox', { name: 'Device name' });
  }
  get saveButton() {
    return this.page.getByRole('button', { name: 'Save' });
  }
  /** What has just happened. */
  get messages() {
    return this.page.locator('.message');
  }
  get dialog() {
    return this.page.getByRole('alertdialog');
  }
  get passwordDialog() {
    return this.page.getByRole('dialog').filter({ has: this.page.getByLabel('Password', { exact: true }) });
  }

  async open() {
    await this.page.goto(this.path);
    await this.isShown();
  }

  async isShown() {
    await expect(this.page).toHaveURL((url) => url.pathname === this.path);
    await expect(this.heading).toBeVisible();
    if (this.scripts) await hydrated(this.page);
  }

  /** The button of a row that ends its session; its name goes on with the device's. */
  signOutButtonOf(row: Locator) {
    return row.getByRole('button', { name: /^Sign out / });
  }

  async select(...rows: Locator[]) {
    await this.page.getByRole('button', { name: 'Select several' }).click();
    for (const row of rows) await row.getByRole('checkbox', { name: /^Select / }).check();
  }

  async end(row: Locator) {
    await this.signOutButtonOf(row).click();
    await this.confirm();
  }

  async endOthers() {
    await this.signOutOthersButton.click();
    await this.confirm();
  }

  async endAll() {
    await this.signOutEverywhereButton.click();
    await this.confirm();
  }

  /** So that none lies over what the story looks at. */
  async closeMessages() {
    while ((await this.messages.count()) > 0) await this.messages.first().getByRole('button', { name: 'Close' }).click();
  }

  async confirm() {
    await this.dialog.getByRole('button', { name: 'Sign out', exact: true }).click();
  }

  async cancel() {
    await this.dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(this.dialog).toBeHidden();
  }

  /** The same without JavaScript: a page asks. */
  async endByPage(button: Locator) {
    await button.click();
    await this.confirmByPage();
  }

  async confirmByPage() {
    await this.page.getByRole('main').getByRole('button', { name: 'Sign out', exact: true }).click();
  }

  async confirmPassword(password: string) {
    await this.passwordDialog.getByLabel('Password', { exact: true }).fill(password);
    await this.passwordDialog.getByRole('button', { name: 'Sign out' }).click();
  }

  async rename(row: Locator, name: string) {
    await this.startRenaming(row, name);
    await this.saveButton.click();
    await expect(this.nameField).toHaveCount(0);
  }

  async startRenaming(row: Locator, name: string) {
    await row.getByRole('button', { name: /^Rename / }).click();
    await this.nameField.fill(name);
  }
}

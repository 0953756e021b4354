import { expect, type Page } from '@playwright/test';
import { hydrated } from './hydrated.ts';

export class AccountPage {
  constructor(
    readonly page: Page,
    private readonly scripts = true,
  ) {}

  readonly path = '/account';

  get heading() {
    return this.page.getByRole('heading', { level: 1, name: 'Your account' });
  }
  get currentPassword() {
    return this.page.getByLabel('Current password');
  }
  get newPassword() {
    return this.page.getByLabel('New password');
  }
  get done() {
    return this.page.getByText('Your password is changed.');
  }
  get problem() {
    return this.page.getByRole('alert');
  }

  async open() {
    await this.page.goto(this.path);
    await this.isShown();
  }

  async isShown() {
    await expect(this.heading).toBeVisible();
    if (this.scripts) await hydrated(this.page);
  }

  async changePassword(current: string, next: string) {
    await this.currentPassword.fill(current);
    await this.newPassword.fill(next);
    await this.page.getByRole('button', { name: 'Change password' }).click();
  }

  async deleteAccount(password: string) {
    const field = this.page.getByLabel('Your password, to confirm');
    if (!(await field.isVisible())) await this.page.getByText('Delete my account…').click();
    await field.fill(password);
    await this.page.getByRole('button', { name: 'Delete permanently' }).click();
  }
}

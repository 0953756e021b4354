import { expect, type Page } from '@playwright/test';
import { hydrated } from './hydrated.ts';

export class SignUpPage {
  constructor(
    readonly page: Page,
    private readonly scripts = true,
  ) {}

  readonly path = '/signup';

  get username() {
    return this.page.getByLabel('Username');
  }
  get password() {
    return this.page.getByLabel('Password', { exact: true });
  }
  /** What is said of the password while it is typed. */
  get strength() {
    return this.page.locator('.strength__words');
  }
  get remember() {
    return this.page.getByLabel('Keep me signed in');
  }
  get button() {
    return this.page.getByRole('button', { name: 'Create account' });
  }
  get error() {
    return this.page.getByRole('alert');
  }

  async open() {
    await this.page.goto(this.path);
    if (this.scripts) await hydrated(this.page);
  }

  async submit({ username, password, remember }: { username: string; password: string; remember?: boolean }) {
    await this.username.fill(username);
    await this.password.fill(password);
    if (remember !== undefined) await this.remember.setChecked(remember);
    await this.button.click();
  }

  async isShown() {
    await expect(this.page).toHaveURL((url) => url.pathname === this.path);
    await expect(this.button).toBeVisible();
  }
}

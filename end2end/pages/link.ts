import { expect, type Page } from '@playwright/test';

/** The page of a one-time link. */
export class LinkPage {
  constructor(readonly page: Page) {}

  get password() {
    return this.page.getByLabel(/^(New password|Password)$/);
  }
  get button() {
    return this.page.getByRole('button', { name: /^(Change password|Create account)$/ });
  }
  get error() {
    return this.page.getByRole('alert');
  }
  get strength() {
    return this.page.locator('.strength__words');
  }
  get signIn() {
    return this.page.getByRole('link', { name: 'Sign in' });
  }

  async submit(password: string) {
    await this.password.fill(password);
    await this.button.click();
  }

  /** What it did is told, at an address without the token. */
  async isDone(heading: string, path: string) {
    await expect(this.page.getByRole('heading', { name: heading })).toBeVisible();
    await expect(this.page).toHaveURL((url) => url.pathname === path && url.search === '');
  }

  async isInvalid() {
    await expect(this.page.getByRole('heading', { name: 'This link is not valid' })).toBeVisible();
    await expect(this.password).toHaveCount(0);
  }
}

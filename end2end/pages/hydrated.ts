import type { Page } from '@playwright/test';

/** Waits until the app has taken over the server's markup, which it marks on the body. */
export async function hydrated(page: Page, timeout?: number) {
  await page.locator('body[data-hydrated]').waitFor({ state: 'attached', timeout });
}

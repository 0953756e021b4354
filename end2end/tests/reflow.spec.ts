import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';

// 1280 pixels at a zoom of 400 % are as narrow as this (WCAG 2.2, 1.4.10).
test.use({ viewport: { width: 320, height: 640 } });

/** What reaches beyond the screen, or beyond the sheet that it stands on. */
async function overflow(page: Page) {
  return page.evaluate(() => {
    const beyond = [...document.querySelectorAll('button, a, time, p, span, input, h1, h2')].filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      const sheet = element.closest('.card') ?? document.documentElement;
      return width > 1 && right > Math.min(sheet.getBoundingClientRect().right, innerWidth) + 0.5;
    });
    const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    return [...(wider > 0 ? [`the page by ${wider}`] : []), ...beyond.map((element) => element.outerHTML.slice(0, 120))];
  });
}

for (const language of ['English', 'Deutsch', 'Français']) {
  test(`no page is wider than a narrow screen, in ${language}`, async ({ device, anotherDevice, user, watch }) => {
    watch.allow(/Failed to load resource.* 404 .*\/nothing/);
    const { page, devicesPage } = device;
    const long = { ...user, username: `${user.username}-a-name-that-is-long@an-address.example.org` };
    await device.signUp(long);
    await (await anotherDevice()).signIn(long);
    await expect(devicesPage.rows).toHaveCount(2);
    await devicesPage.rename(devicesPage.thisDevice, 'An-unbroken-name-of-a-device-that-is-just-as-long-as-it-may-be-');
    await page.locator('select[name=language]').selectOption(language);
    await page.locator(`html[lang=${language.slice(0, 2).toLowerCase()}]`).waitFor();
    for (const path of ['/devices', '/activity', '/account', '/nothing']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await overflow(page), path).toEqual([]);
    }
    await device.context.clearCookies({ name: /refresh|session/ });
    for (const path of ['/login', '/signup']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await overflow(page), path).toEqual([]);
    }
  });
}

test('with letters twice as large nothing is cut off on a phone', async ({ device, anotherDevice, user }) => {
  const { page, devicesPage } = device;
  await page.setViewportSize({ width: 390, height: 844 });
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(2);
  for (const path of ['/devices', '/activity', '/account']) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    expect(await overflow(page), path).toEqual([]);
  }
});

import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';

// 1280 pixels at a zoom of 400 % are as narrow as this (WCAG 2.2, 1.4.10).
test.use({ viewport: { width: 320, height: 640 } });

/** What reaches beyond the screen, or beyond the sheet that it stands on. */
async function overflow(page: Page) {
  // Before its styles are there, a page has a layout, but nothing is painted.
  await page.waitForLoadState('load');
  return page.evaluate(() => {
    const beyond = [...document.querySelectorAll('button, a, time, p, span, input, h1, h2')].filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      const sheet = element.closest('.dialog, .message, .toast, .alert, .card') ?? document.documentElement;
      return width > 1 && right > Math.min(sheet.getBoundingClientRect().right, innerWidth) + 0.5;
    });
    const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    return [...(wider > 0 ? [`the page by ${wider}`] : []), ...beyond.map((element) => element.outerHTML.slice(0, 120))];
  });
}

for (const language of ['English', 'Deutsch', 'Français']) {
  test(`no page is wider than a narrow screen, in ${language}`, async ({ device, anotherDevice, server, user, watch }) => {
    watch.allow(/Failed to load resource.* (404 .*\/nothing|410 .*\/reset)/);
    const { page, devicesPage } = device;
    const long = { ...user, username: `${user.username}-a-name-that-is-long@an-address.example.org` };
    await device.signUp(long);
    await (await anotherDevice()).signIn(long);
    await expect(devicesPage.rows).toHaveCount(2);
    await devicesPage.rename(devicesPage.thisDevice, 'An-unbroken-name-of-a-device-that-is-just-as-long-as-it-may-be-');
    // Choosing loads the page anew, which would meet the navigation that follows.
    if (language !== 'English') await page.locator('select[name=language]').selectOption(language);
    await page.locator(`html[lang=${language.slice(0, 2).toLowerCase()}]`).waitFor();
    for (const path of ['/devices', '/activity', '/account', '/nothing']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await overflow(page), path).toEqual([]);
    }
    await device.context.clearCookies({ name: /refresh|session/ });
    const link = await server.command('user', 'link', long.username);
    for (const path of ['/login', '/signup', '/forgot', link, '/reset/done', '/invite/done', '/reset/x']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await overflow(page), path).toEqual([]);
    }
  });
}

test('a device name of 64 letters without a space stays within everything that tells it', async ({
  device,
  anotherDevice,
  user,
  watch,
}) => {
  watch.allow(/Failed to load resource.*ERR_FAILED/);
  const { page, devicesPage } = device;
  const name = 'Dishwash'.repeat(8);
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(2);
  await devicesPage.rename(devicesPage.otherDevices, name);
  await page.getByText(new RegExp(`^Renamed from Chrom(e|ium) on Linux to ${name}\\.$`)).waitFor();
  expect(await overflow(page), 'a message').toEqual([]);
  await devicesPage.signOutButtonOf(devicesPage.otherDevices).click();
  await devicesPage.dialog.waitFor();
  expect(await overflow(page), 'a question').toEqual([]);
  await page.route('**/auth/sessions/revoke', (route) => route.abort());
  await devicesPage.confirm();
  await page.getByText(`${name} is still signed in.`).waitFor();
  expect(await overflow(page), 'a failure').toEqual([]);
  await page.goto('/activity');
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await overflow(page), 'the activity').toEqual([]);
  await page.getByRole('button', { name: 'This wasn’t me' }).click();
  await page.getByRole('heading', { name: 'If it wasn’t you' }).waitFor();
  expect(await overflow(page), 'the question whether to end what was somebody else').toEqual([]);
});

test('a name from right to left is cut at its end', async ({ device, user }) => {
  const letters = [...'ابتثجحخدذر'];
  const username = `مستخدمطويلالاسمجداولايكفيهالمكان${[...user.username.replace(/\D/g, '')].map((digit) => letters[Number(digit)]).join('')}`;
  await device.signUp({ ...user, username });
  const name = device.page.locator('.header__name');
  await expect(name).toHaveText(username);
  const seen = await name.evaluate((element) => {
    const range = document.createRange();
    const letter = (from: number) => {
      range.setStart(element.firstChild!, from);
      range.setEnd(element.firstChild!, from + 1);
      return range.getBoundingClientRect();
    };
    const { left, right } = element.getBoundingClientRect();
    return { cut: element.scrollWidth > element.clientWidth, first: letter(0).left >= left && letter(0).right <= right + 1 };
  });
  expect(seen).toEqual({ cut: true, first: true });
});

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

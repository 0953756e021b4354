import { expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';

test('on paper stands what is known, and nothing that could be pressed', async ({ device, anotherDevice, user }) => {
  const { page, devicesPage } = device;
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(2);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const shows = async (...words: (string | RegExp)[]) => {
    for (const said of words) await expect(page.getByText(said).first()).toBeVisible();
    for (const pressed of await page.locator('button, select, input').all()) await expect(pressed).toBeHidden();
    await expect(page.locator('body')).toHaveCSS('color', 'rgb(29, 33, 30)');
  };
  await shows(/Chrom(e|ium) on Linux/, 'This device', user.username);
  await page.goto('/activity');
  await shows('Today', /\d{1,2}:\d{2}/, 'Account created', user.username);
  const account = new AccountPage(page);
  await account.open();
  await shows('Member since', user.username);
});

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';

// Soon the password has to be shown again.
test.use({ settings: { LATCHKEY_SESSIONS__REAUTHENTICATION_WINDOW: '1s' } });

/** What WCAG 2.2 AA and axe's own good practice find wrong with the page as it is now. */
async function findings(page: Page) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, reducedMotion: 'reduce' });

    test('axe finds nothing, on no page and in no state', async ({ device, anotherDevice, server, user, watch }) => {
      watch.allow(/Failed to load resource.* (401|403|404|410|422) /, /ERR_INTERNET_DISCONNECTED/, /ERR_FAILED.*\/auth\/refresh/);
      const { page, context, devicesPage, signInPage, signUpPage } = device;
      const nothingIsWrong = async (state: string) => expect(await findings(page), state).toEqual([]);

      await signUpPage.open();
      await nothingIsWrong('sign-up');
      await signUpPage.password.fill('passwordpassword');
      await expect(signUpPage.strength).toHaveText(/./);
      await nothingIsWrong('a password that is easily guessed');
      await signUpPage.submit({ username: 'two words', password: 'too short' });
      await signUpPage.error.first().waitFor();
      await nothingIsWrong('a refused sign-up');
      await signInPage.open();
      await nothingIsWrong('sign-in');
      await signInPage.submit({ ...user, password: 'not the right password' });
      await signInPage.error.waitFor();
      await nothingIsWrong('a refused sign-in');

      for (const path of ['/forgot', '/reset/x', '/invite/done', await server.command('user', 'link', 'bob', '--purpose', 'invite')]) {
        await page.goto(path);
        await nothingIsWrong(path);
      }

      await device.signUp(user);
      await nothingIsWrong('one device');
      for (const other of [await anotherDevice(), await anotherDevice()]) await other.signIn(user);
      await expect(devicesPage.rows).toHaveCount(3);
      await nothingIsWrong('three devices');
      await devicesPage.startRenaming(devicesPage.thisDevice, 'Desk');
      await nothingIsWrong('renaming');
      await page.keyboard.press('Escape');
      await devicesPage.select(devicesPage.otherDevices.first());
      await nothingIsWrong('selecting');
      await page.getByRole('button', { name: 'Done selecting' }).click();
      await devicesPage.signOutOthersButton.click();
      await devicesPage.dialog.waitFor();
      await nothingIsWrong('a question');
      await devicesPage.confirm();
      await devicesPage.confirmPassword('not the right password');
      await page.getByRole('alert').waitFor();
      await nothingIsWrong('the password is asked for, and was wrong');
      await page.keyboard.press('Escape');
      await devicesPage.closeMessages();
      await context.setOffline(true);
      await page.getByText('You are offline.').waitFor();
      await nothingIsWrong('offline');
      await context.setOffline(false);

      const activity = page.waitForResponse('**/api/activity*');
      await page.goto('/activity');
      await activity;
      await (await anotherDevice()).signIn(user);
      await page.getByText('New activity.').waitFor();
      await nothingIsWrong('activity, with news');
      await page.getByRole('button', { name: 'This wasn’t me' }).first().click();
      await expect(page).toHaveURL(/not-me/);
      await page.getByLabel('Password', { exact: true }).waitFor();
      await nothingIsWrong('the page that asks whether to end what was somebody else');
      await page.goto('/reauthenticate');
      await page.getByLabel('Password', { exact: true }).waitFor();
      await nothingIsWrong('the page that asks for the password');

      const account = new AccountPage(page);
      await account.open();
      await account.changePassword('not the right password', 'another password of mine');
      await account.problem.or(page.locator('[aria-invalid=true]')).first().waitFor();
      await nothingIsWrong('a refused change of password');
      await account.changePassword(user.password, 'another password of mine');
      await account.done.waitFor();
      await nothingIsWrong('a changed password');
      await account.deleteAccount('not the right password');
      await account.problem.or(page.locator('[aria-invalid=true]')).first().waitFor();
      await nothingIsWrong('a refused end of the account');
      await page.goto('/nothing');
      await page.getByRole('heading', { level: 1 }).waitFor();
      await nothingIsWrong('a page that is not there');

      await context.clearCookies({ name: /latchkey-session$/ });
      await page.route('**/auth/refresh', (route) => route.abort());
      await page.goto('/devices');
      await page.getByText('We keep trying.').waitFor();
      await nothingIsWrong('a page that waits for the server');
    });
  });
}

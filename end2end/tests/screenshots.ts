import { join } from 'node:path';
import { root } from '../fixtures/server.ts';
import { test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';

// For eyes, not for comparison: npm run screenshots.
const sizes = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

// Soon the password has to be shown again.
test.use({ settings: { LATCHKEY_SESSIONS__REAUTHENTICATION_WINDOW: '1s' } });

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [size, viewport] of Object.entries(sizes)) {
    test.describe(`${colorScheme} ${size}`, () => {
      test.use({ colorScheme, viewport });

      test('pages', async ({ device, anotherDevice, user, watch }) => {
        watch.allow(/Failed to load resource/);
        const { page, devicesPage, signInPage, signUpPage } = device;
        const account = new AccountPage(page);
        const ada = { ...user, username: `ada-${user.username}@example.org` };
        const shoot = (name: string, fullPage = false) =>
          page.screenshot({
            path: join(root, 'docs/screenshots', `${name}-${size}-${colorScheme}.png`),
            animations: 'disabled',
            fullPage,
          });

        await signUpPage.open();
        await shoot('signup');
        await signUpPage.password.fill('passwordpassword');
        await signUpPage.strength.filter({ hasText: /./ }).waitFor();
        await shoot('signup-easily-guessed');
        await signUpPage.password.fill(ada.password);
        await signUpPage.strength.filter({ hasText: /ood/ }).waitFor();
        await shoot('signup-hard-to-guess');
        await signUpPage.open();
        await signUpPage.submit({ ...ada, password: 'too short' });
        await signUpPage.error.waitFor();
        await shoot('signup-refused');
        await page.goto('/nothing');
        await shoot('missing');
        await signInPage.open();
        await shoot('login');
        await signInPage.submit({ ...ada, password: 'not the right password' });
        await signInPage.error.waitFor();
        await shoot('login-refused');
        await page.goto('/login?error=refresh_reused');
        await signInPage.error.waitFor();
        await shoot('login-reused');
        await page.goto('/login?done=deleted');
        await shoot('login-account-deleted');

        await device.signUp(ada);
        await shoot('devices-empty');
        for (const userAgent of [iphone, firefox]) {
          const other = await anotherDevice({ userAgent });
          await other.signIn(ada);
        }
        await page.getByText('has just signed in').waitFor();
        await shoot('devices-news');
        await devicesPage.rename(devicesPage.thisDevice, 'Desk at home');
        await devicesPage.open();
        await shoot('devices');
        await devicesPage.startRenaming(devicesPage.otherDevices.first(), 'Kitchen');
        await shoot('devices-rename');
        await page.keyboard.press('Escape');
        await devicesPage.signOutOthersButton.click();
        await devicesPage.dialog.waitFor();
        await shoot('devices-confirm');
        await devicesPage.confirm();
        await devicesPage.passwordDialog.waitFor();
        await shoot('devices-password');
        await page.keyboard.press('Escape');
        await devicesPage.select(devicesPage.otherDevices.first());
        await shoot('devices-select');
        await page.getByRole('button', { name: 'Done selecting' }).click();
        await device.context.setOffline(true);
        await page.getByText('You are offline.').waitFor();
        await shoot('devices-offline');
        await device.context.setOffline(false);

        const shootWhole = async (name: string) => {
          await page.goto(`/${name}`);
          await page.locator('body[data-alive]').waitFor();
          await shoot(name, true);
        };
        await shootWhole('activity');
        await shootWhole('account');
        await account.changePassword(ada.password, ada.password);
        await page.getByText('This is the password that you have now.').waitFor();
        await shoot('account-password-refused');
        await account.changePassword(ada.password, 'another password of mine');
        await account.done.waitFor();
        await page.locator('.strength__words').filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
        await shoot('account-password-changed');
        ada.password = 'another password of mine';
        await account.deleteAccount('not the right password');
        await account.problem.waitFor();
        await shoot('account-delete');

        const activity = page.waitForResponse('**/api/activity*');
        await page.goto('/activity');
        await activity;
        await (await anotherDevice({ userAgent: iphone })).signIn(ada);
        await page.getByText('New activity.').waitFor();
        await shoot('activity-news');
        await page.goto('/activity');
        await page.getByRole('button', { name: 'This wasn’t me' }).first().click();
        await page.waitForURL('**/not-me');
        await page.locator('body[data-alive]').waitFor();
        await shoot('not-me');
        await page.goto('/reauthenticate?returnTo=/activity');
        await page.locator('body[data-alive]').waitFor();
        await shoot('reauthenticate');
        await page.goto('/account?notMe=over#password');
        await page.locator('body[data-alive]').waitFor();
        await shoot('account-not-me');

        await device.context.clearCookies({ name: /latchkey-session$/ });
        await page.route('**/auth/refresh', (route) => route.abort());
        await page.goto('/devices');
        await page.getByText('We keep trying.').waitFor();
        await shoot('resuming');
        await page.unroute('**/auth/refresh');
        await devicesPage.isShown();

        await devicesPage.rename(devicesPage.thisDevice, `Grandmother’s ${'very '.repeat(4)}old laptop 🪟 in_the_kitchen_cupboard`);
        await (await anotherDevice({ userAgent: firefox })).signIn(ada);
        await devicesPage.open();
        await shoot('devices-long');

        await page.getByLabel('Language').selectOption('Deutsch');
        await page.locator('html[lang=de]').waitFor();
        await page.goto('/devices');
        await page.locator('body[data-alive]').waitFor();
        await shoot('devices-german');
      });
    });
  }
}

import { join } from 'node:path';
import { root } from '../fixtures/server.ts';
import { test } from '../fixtures/test.ts';

// For eyes, not for comparison: npm run screenshots.
const sizes = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [size, viewport] of Object.entries(sizes)) {
    test.describe(`${colorScheme} ${size}`, () => {
      test.use({ colorScheme, viewport });

      test('pages', async ({ device, anotherDevice, user, watch }) => {
        watch.allow(/401/);
        const shoot = (name: string) =>
          device.page.screenshot({
            path: join(root, 'docs/screenshots', `${name}-${size}-${colorScheme}.png`),
            animations: 'disabled',
          });
        await device.signUpPage.open();
        await shoot('signup');
        await device.signInPage.open();
        await shoot('login');
        await device.signInPage.submit({ ...user, password: 'not the right password' });
        await device.signInPage.error.waitFor();
        await shoot('login-refused');
        await device.signUp({ ...user, username: 'ada@example.org'.replace('@', `-${user.username}@`) });
        for (const userAgent of [
          'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
        ]) {
          const other = await anotherDevice({ userAgent });
          await other.signIn({ ...user, username: 'ada@example.org'.replace('@', `-${user.username}@`) });
        }
        await device.devicesPage.rename(device.devicesPage.thisDevice, 'Desk at home');
        await device.devicesPage.open();
        await shoot('devices');
        await device.devicesPage.signOutOthersButton.click();
        await device.devicesPage.dialog.waitFor();
        await shoot('devices-confirm');
        await device.devicesPage.cancel();
        for (const name of ['activity', 'account']) {
          await device.page.goto(`/${name}`);
          await device.page.getByRole('heading', { level: 1 }).waitFor();
          await device.page.locator('body[data-alive]').waitFor();
          await shoot(name);
        }
      });
    });
  }
}

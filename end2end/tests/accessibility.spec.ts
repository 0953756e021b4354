import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures/test.ts';

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

    test('axe finds nothing', async ({ device, anotherDevice, user, watch }) => {
      watch.allow(/Failed to load resource.* 40[14] /);
      const { page, devicesPage } = device;
      await device.signUpPage.open();
      expect(await findings(page), 'sign-up').toEqual([]);
      await device.signInPage.open();
      expect(await findings(page), 'sign-in').toEqual([]);
      await device.signInPage.submit({ ...user, password: 'not the right password' });
      await device.signInPage.error.waitFor();
      expect(await findings(page), 'a refused sign-in').toEqual([]);
      await device.signUp(user);
      expect(await findings(page), 'one device').toEqual([]);
      await (await anotherDevice()).signIn(user);
      await expect(devicesPage.rows).toHaveCount(2);
      expect(await findings(page), 'two devices').toEqual([]);
      await devicesPage.startRenaming(devicesPage.thisDevice, 'Desk');
      expect(await findings(page), 'renaming').toEqual([]);
      await devicesPage.signOutOthersButton.click();
      await devicesPage.dialog.waitFor();
      expect(await findings(page), 'a question').toEqual([]);
      for (const path of ['/activity', '/account', '/nothing']) {
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        expect(await findings(page), path).toEqual([]);
      }
    });
  });
}

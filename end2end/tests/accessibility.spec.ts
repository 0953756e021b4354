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
      await device.signUpPage.password.fill('passwordpassword');
      await expect(device.signUpPage.strength).toHaveText(/./);
      expect(await findings(page), 'a password that is easily guessed').toEqual([]);
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

test('a screen reader is told what is there', async ({ device, anotherDevice, user }) => {
  const { page, signInPage, devicesPage } = device;
  await signInPage.open();
  await expect(page.locator('body')).toMatchAriaSnapshot(`
    - main:
      - text: Latchkey
      - heading "Sign in" [level=1]
      - paragraph: Welcome back.
      - text: Username
      - textbox "Username"
      - text: Password
      - textbox "Password"
      - button "Show password"
      - checkbox "Keep me signed in"
      - button "Sign in"
      - paragraph:
        - text: New here?
        - link "Create an account"
    - contentinfo:
      - combobox "Language"
      - combobox "Appearance"
  `);
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(2);
  await expect(page.locator('body')).toMatchAriaSnapshot(`
    - link "Skip to content"
    - banner:
      - link "Latchkey"
      - paragraph: /Signed in as/
      - button "Sign out"
    - navigation "Your pages":
      - link "Devices"
      - link "Activity"
      - link "Account"
    - main:
      - heading "Your devices" [level=1]
      - list "Signed-in devices":
        - listitem:
          - paragraph: /This device/
          - paragraph: /Active now/
          - button /Rename/
        - listitem:
          - paragraph: /Last active/
          - button /Rename/
          - button /Sign out/
      - button "Sign out all other devices"
      - button "Sign out everywhere"
  `);
});

test('the keyboard alone is enough to end a device', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 401 /);
  const { page, devicesPage } = device;
  await device.signUp(user);
  await (await anotherDevice()).signIn(user);
  await expect(devicesPage.rows).toHaveCount(2);
  await devicesPage.open();
  const button = devicesPage.signOutButtonOf(devicesPage.otherDevices);
  await page.locator('body').press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  for (let steps = 0; steps < 12 && !(await button.evaluate((it) => it === document.activeElement)); steps += 1) {
    await page.keyboard.press('Tab');
  }
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(devicesPage.dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(devicesPage.dialog).toBeHidden();
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(devicesPage.rows).toHaveCount(1);
  await expect(devicesPage.heading).toBeFocused();
});

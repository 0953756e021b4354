import { expect, test } from '../fixtures/test.ts';

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

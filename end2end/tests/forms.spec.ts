import { AccountPage } from '../pages/account.ts';
import { expect, test } from '../fixtures/test.ts';

test('password managers find what they look for', async ({ device, user }) => {
  const { page, signInPage, signUpPage } = device;
  await signInPage.open();
  await expect(signInPage.username).toHaveAttribute('autocomplete', 'username');
  await expect(signInPage.password).toHaveAttribute('autocomplete', 'current-password');
  await signUpPage.open();
  await expect(signUpPage.username).toHaveAttribute('autocomplete', 'username');
  await expect(signUpPage.password).toHaveAttribute('autocomplete', 'new-password');
  await device.signUp(user);
  // Where browsers lead when somebody wants another password (W3C, "A Well-Known URL for Changing Passwords").
  await page.goto('/.well-known/change-password');
  const account = new AccountPage(page);
  await account.isShown();
  await expect(account.currentPassword).toHaveAttribute('autocomplete', 'current-password');
  await expect(account.newPassword).toHaveAttribute('autocomplete', 'new-password');
  const form = page.locator('form').filter({ has: account.newPassword });
  await expect(form.locator('input[autocomplete=username]')).toHaveValue(user.username);
});

test('a password can be pasted and looked at, and Caps Lock is pointed out', async ({ device, user }) => {
  const { page, signInPage } = device;
  await device.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signInPage.open();
  await page.evaluate((text) => navigator.clipboard.writeText(text), user.password);
  await signInPage.password.focus();
  await page.keyboard.press('Control+V');
  await expect(signInPage.password).toHaveValue(user.password);

  const eye = page.getByRole('button', { name: 'Show password' });
  await expect(signInPage.password).toHaveAttribute('type', 'password');
  for (const [type, pressed] of [
    ['text', 'true'],
    ['password', 'false'],
  ] as const) {
    await eye.click();
    await expect(signInPage.password).toHaveAttribute('type', type);
    await expect(eye).toHaveAttribute('aria-pressed', pressed);
    await expect(signInPage.password).toHaveValue(user.password);
  }

  const hint = page.getByText('Caps Lock is on.');
  await signInPage.password.focus();
  for (const modifierCapsLock of [true, false, true]) {
    await signInPage.password.dispatchEvent('keydown', { key: 'A', modifierCapsLock });
    await expect(hint).toHaveCount(modifierCapsLock ? 1 : 0);
  }
  await signInPage.username.focus();
  await expect(hint).toHaveCount(0);
});

test('what is wrong with a field stands beside it and is read out with it', async ({ device, user, watch }) => {
  watch.allow(/Failed to load resource.* 422 .*\/auth\/signup/);
  const { signUpPage } = device;
  await signUpPage.open();
  await signUpPage.submit({ username: 'a', password: user.password });
  await expect(signUpPage.username).toHaveAttribute('aria-invalid', 'true');
  await expect(signUpPage.username).toHaveAccessibleDescription('Use a username of at least 2 characters.');
  await expect(signUpPage.username).toBeFocused();
  await signUpPage.submit({ username: user.username, password: 'too short' });
  await expect(signUpPage.password).toHaveAttribute('aria-invalid', 'true');
  await expect(signUpPage.password).toHaveAccessibleDescription(/too short/);
  await expect(signUpPage.password).toBeFocused();
  await expect(signUpPage.username).not.toHaveAttribute('aria-invalid');
  // The space that a phone's keyboard puts behind a word is no part of the name.
  await signUpPage.submit({ ...user, username: `${user.username} ` });
  await device.devicesPage.isShown();
  await expect(device.page.getByRole('banner')).toContainText(user.username);
});

test('who is asked to sign in goes on to where they were going, and nowhere else', async ({ device, user }) => {
  const { page, signInPage, devicesPage } = device;
  await device.signUp(user);
  for (const [wanted, shown] of [
    ['/activity?show=warnings', '/activity'],
    ['/login?returnTo=//evil.example/', '/devices'],
    ['/login?returnTo=https://evil.example/', '/devices'],
  ] as const) {
    await devicesPage.open();
    await devicesPage.signOutButton.click();
    await signInPage.isShown();
    await page.goto(wanted);
    await signInPage.submit(user);
    await expect(page).toHaveURL((url) => url.hostname === 'localhost' && url.pathname === shown);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
});

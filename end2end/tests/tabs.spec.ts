import { expect, test } from '../fixtures/test.ts';

test('who signs in in one tab is signed in in the others', async ({ device, anotherDevice, user }) => {
  await (await anotherDevice()).signUp(user);
  await device.signInPage.open();
  const tab = await device.anotherTab();
  await tab.signInPage.open();
  const third = await device.anotherTab();
  await third.signUpPage.open();
  await device.signInPage.submit(user);
  for (const { devicesPage } of [device, tab, third]) {
    await devicesPage.isShown();
    await expect(devicesPage.rows).toHaveCount(2);
  }
});

test('a tab that shows one person shows the other who has signed in in its place', async ({ device, anotherDevice, user }) => {
  const other = { ...user, username: `${user.username}-other` };
  await (await anotherDevice()).signUp(other);
  await device.signUp(user);
  const tab = await device.anotherTab();
  await tab.devicesPage.open();
  await device.devicesPage.signOutButton.click();
  await tab.signInPage.isShown();
  await device.signInByForm(other);
  await tab.devicesPage.isShown();
  await expect(tab.page.getByRole('banner')).toContainText(other.username);
});

import { expect, test } from '../fixtures/test.ts';

const refused = /Failed to load resource.* 401 .*\/auth\/login/;

test('signs in on another device', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signInByForm(user);
  await expect(other.devicesPage.rows).toHaveCount(2);
});

test('a wrong password and an unknown name get the same answer', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(refused);
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signInPage.open();
  await other.signInPage.submit({ ...user, password: 'not the right password' });
  await expect(other.signInPage.error).toBeVisible();
  const said = await other.signInPage.error.innerText();

  await other.signInPage.open();
  await other.signInPage.submit({ username: `${user.username}-unknown`, password: user.password });
  await expect(other.signInPage.error).toHaveText(said);
  expect(await other.context.cookies()).not.toContainEqual(
    expect.objectContaining({ name: '__Host-Http-latchkey-refresh' }),
  );
});

test('a visitor of the devices page is led to sign in', async ({ device }) => {
  await device.page.goto('/devices');
  await device.signInPage.isShown();
});

test('the start page leads to sign in, or to the devices', async ({ device, user }) => {
  await device.page.goto('/');
  await device.signInPage.isShown();
  await device.signUp(user);
  await device.page.goto('/');
  await device.devicesPage.isShown();
});

test('without "Keep me signed in" the cookies end with the browser', async ({ device, anotherDevice, user }) => {
  await device.signUp(user);
  for (const remember of [true, false]) {
    const other = await anotherDevice();
    await other.signInPage.open();
    await other.signInPage.submit({ ...user, remember });
    await other.devicesPage.isShown();
    const cookies = await other.context.cookies();
    const cookie = cookies.find(({ name }) => name === '__Host-Http-latchkey-refresh');
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
    const days = ((cookie?.expires ?? 0) - Date.now() / 1000) / 86_400;
    if (remember) expect(days).toBeCloseTo(14, 1);
    else expect(cookie?.expires).toBe(-1);
    const session = cookies.find(({ name }) => name === '__Host-Http-latchkey-session');
    expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
  }
});

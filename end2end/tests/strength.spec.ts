import { expect, test } from '../fixtures/test.ts';

test('a new password is judged while it is typed, by code that no other page loads', async ({ device, user }) => {
  const { page, signInPage, signUpPage } = device;
  const loaded: string[] = [];
  page.on('request', (request) => loaded.push(request.url()));
  const judge = () => loaded.filter((url) => new URL(url).pathname.includes('strength'));

  await signInPage.open();
  await signInPage.password.fill('passwordpassword');
  await signUpPage.open();
  const meter = signUpPage.strength;
  await signUpPage.username.fill(user.username);
  await expect(meter).toHaveText('');
  expect(judge()).toEqual([]);
  const place = await signUpPage.button.boundingBox();
  await signUpPage.password.fill('hello');
  await expect(meter).toHaveText('10 more characters are needed.');
  await signUpPage.password.fill('passwordpassword');
  await expect(meter).toHaveText('Easily guessed. Choose another.');
  expect(judge()).toHaveLength(3);
  await signUpPage.password.fill(user.password);
  await expect(meter).toHaveText(/^(Very g|G)ood/);
  await signUpPage.password.fill(`${user.username} & ${user.username}`);
  await expect(meter).toHaveText('Easily guessed. Choose another.');
  for (const known of ['correct horse battery staple', 'latchkey latchkey', 'iloveyou, iloveyou!']) {
    await signUpPage.password.fill(user.password);
    await expect(meter).toHaveText(/^(Very g|G)ood/);
    await signUpPage.password.fill(known);
    await expect(meter, known).toHaveText('Easily guessed. Choose another.');
  }
  await signUpPage.password.fill(`${user.password}\u2028`);
  await expect(meter).toHaveText('Some of these characters cannot be used in a password.');
  await signUpPage.password.fill('🤣 🥰 ❤\ufe0f 👩\u200d🚀 and words of mine');
  await expect(meter).toHaveText(/^(Very g|G)ood/);
  await signUpPage.password.fill(user.password);
  await expect(meter).toHaveText(/^(Very g|G)ood/);
  expect(await signUpPage.button.boundingBox(), 'nothing moves under the hand').toEqual(place);
  await signUpPage.button.click();
  await device.devicesPage.isShown();
});

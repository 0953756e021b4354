import { expect, test } from '../fixtures/test.ts';
import { LinkPage } from '../pages/link.ts';

test.use({ settings: { LATCHKEY_ACCOUNTS__CONTACT: 'mailto:help@example.org' } });

const newPassword = 'seven quiet herons at dawn';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test.beforeEach(({ watch }) => {
      watch.allow(/Failed to load resource.* (410|422) /);
      if (!javaScriptEnabled) watch.allow(/was preloaded using link preload but not used/);
    });

    test('who forgot the password chooses a new one with a link, once', async ({
      device,
      anotherDevice,
      server,
      user,
      watch,
    }) => {
      // The page of the device whose session ends.
      watch.allow(/Failed to load resource.* 401 .*\/auth\/refresh/);
      const other = await anotherDevice();
      await other.signUpByForm(user);
      const { page, signInPage } = device;
      await signInPage.open();
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await expect(page.getByRole('link', { name: 'help@example.org' })).toBeVisible();

      const link = await server.command('user', 'link', user.username);
      const linkPage = new LinkPage(page);
      await page.goto(link);
      await expect(page.getByText(`For the account ${user.username}.`)).toBeVisible();
      await linkPage.submit('too short');
      await expect(linkPage.error).toHaveText('This is too short. Use at least 15 characters.');
      await linkPage.submit(newPassword);
      await linkPage.isDone('Your password is changed', '/reset/done');
      await linkPage.signIn.click();
      await signInPage.submit({ ...user, password: newPassword });
      await device.devicesPage.isShown();
      await expect(device.devicesPage.rows).toHaveCount(1);
      await page.goto('/activity');
      await expect(page.getByText('A new password was chosen with a link')).toBeVisible();
      await other.page.reload();
      await other.signInPage.isShown();

      await page.goto(link);
      await linkPage.isInvalid();
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await expect(page).toHaveURL((url) => url.pathname === '/forgot');
    });

    test('whoever is invited creates an account with a link', async ({ device, server, user }) => {
      const { page, signInPage } = device;
      const linkPage = new LinkPage(page);
      await page.goto(await server.command('user', 'link', user.username, '--purpose', 'invite'));
      await expect(page.getByText(`Your username is ${user.username}.`)).toBeVisible();
      await linkPage.submit(user.password);
      await linkPage.isDone('Your account is ready', '/invite/done');
      await linkPage.signIn.click();
      await signInPage.submit(user);
      await device.devicesPage.isShown();
    });
  });
}

test('the page of a link judges the password, tells a link that ended meanwhile, and changes its language', async ({
  device,
  server,
  user,
  watch,
}) => {
  watch.allow(/Failed to load resource.* 410 /);
  await device.signUp(user);
  const { page } = device;
  const linkPage = new LinkPage(page);
  const link = await server.command('user', 'link', user.username);
  await page.goto(link);
  await linkPage.password.fill(`${user.username} ${user.username}`);
  await expect(linkPage.strength).toHaveText('Easily guessed. Choose another.');
  await linkPage.password.fill(newPassword);
  await expect(linkPage.strength).toHaveText(/^(Very g|G)ood/);
  await server.command('user', 'link', user.username);
  await linkPage.button.click();
  await expect(linkPage.error).toHaveText('This link is no longer valid. Ask for a new one.');

  await page.goto(await server.command('user', 'link', user.username));
  await page.locator('select[name=language]').selectOption('Deutsch');
  await expect(page.getByRole('heading', { name: 'Neues Passwort wählen' })).toBeVisible();
  await page.getByLabel('Neues Passwort', { exact: true }).fill(newPassword);
  await page.getByRole('button', { name: 'Passwort ändern' }).click();
  await expect(page.getByRole('heading', { name: 'Ihr Passwort ist geändert' })).toBeVisible();
});

test('the pages of links load nothing from elsewhere', async ({ device, server, user }) => {
  const loaded: string[] = [];
  device.page.on('request', (request) => loaded.push(new URL(request.url()).origin));
  await device.page.goto(await server.command('user', 'link', user.username, '--purpose', 'invite'));
  await expect(new LinkPage(device.page).button).toBeVisible();
  expect([...new Set(loaded)]).toEqual([server.url]);
});

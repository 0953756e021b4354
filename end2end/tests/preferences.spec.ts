import { Moment } from '../fixtures/moment.ts';
import { AccountPage } from '../pages/account.ts';
import { expect, test } from '../fixtures/test.ts';

test('a chosen theme counts at once, is rendered by the server, and goes back to the system', async ({ device }) => {
  const { page, signInPage } = device;
  await signInPage.open();
  const root = page.locator('html');
  const ground = () => root.evaluate((element) => getComputedStyle(element).backgroundColor);
  const light = await ground();
  const theme = page.getByLabel('Appearance');
  const kept = () => page.waitForResponse((response) => response.url().endsWith('/preferences') && response.status() === 204);
  for (const [chosen, attribute] of [
    ['Dark', 'dark'],
    ['Same as the system', 'system'],
  ] as const) {
    const answer = kept();
    await theme.selectOption(chosen);
    await expect(root).toHaveAttribute('data-theme', attribute);
    expect((await ground()) === light).toBe(attribute === 'system');
    await answer;
    await page.reload();
    await expect(root).toHaveAttribute('data-theme', attribute);
    await expect(theme).toHaveValue(attribute);
  }
});

test('a chosen language is kept, on the same page', async ({ device, user }) => {
  await device.signUp(user);
  const { page } = device;
  await page.goto('/activity');
  await page.getByLabel('Language').selectOption('Deutsch');
  await expect(page.getByRole('heading', { level: 1, name: 'Ihre Aktivität' })).toBeVisible();
  await expect(page).toHaveURL((url) => url.pathname === '/activity');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.getByRole('link', { name: 'Geräte' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Ihre Geräte' })).toBeVisible();
  await page.getByLabel('Sprache').selectOption('Français');
  await expect(page.getByRole('heading', { level: 1, name: 'Vos appareils' })).toBeVisible();
});

test('what was typed before another language was chosen is still there, but for the password', async ({ device, user, server }) => {
  const { page, signInPage } = device;
  await signInPage.open();
  await signInPage.username.fill(user.username);
  await signInPage.password.fill(user.password);
  await signInPage.remember.check();
  await page.getByLabel('Language').selectOption('Deutsch');
  await expect(page.getByRole('heading', { level: 1, name: 'Anmelden' })).toBeVisible();
  await expect(page.getByLabel('Benutzername')).toHaveValue(user.username);
  await expect(page.getByLabel('Angemeldet bleiben')).toBeChecked();
  await expect(page.getByLabel('Passwort', { exact: true })).toHaveValue('');
  expect(page.url()).toBe(`${server.url}/login`);
  expect(await page.evaluate(() => [history.state, localStorage.length, sessionStorage.length])).toEqual([null, 0, 0]);
});

test.describe('far from Greenwich', () => {
  test.use({ timezoneId: 'Asia/Kathmandu' });

  test('times are right before any script has run', async ({ device, user, server }) => {
    await device.signUp(user);
    const { page, devicesPage } = device;
    const times = devicesPage.thisDevice.locator('time');
    // The server learns the zone from the first page that ran its scripts.
    await expect(devicesPage.thisDevice).not.toContainText('UTC');
    // The time of day: how a month is shortened is up to the browser.
    const shown = (await times.allTextContents()).flatMap((time) => time.match(/\d\d:\d\d$/) ?? []);
    expect(shown.length).toBeGreaterThan(0);
    const written = await (await page.request.get(`${server.url}/devices`, { headers: { Accept: 'text/html' } })).text();
    // Browsers keep the name that the zone had first.
    expect(written).toMatch(/data-time-zone="Asia\/Kath?mandu"/);
    for (const time of shown) expect(written).toContain(`${time}</time>`);
    expect(written).not.toContain(' UTC<');
  });
});

test('what is chosen before the app has come alive counts all the same', async ({ device }) => {
  const { page } = device;
  const chosen = new Moment();
  await page.route('**/*.wasm', async (route) => {
    await chosen.come;
    await route.continue();
  });
  await page.goto('/login', { waitUntil: 'commit' });
  await page.getByLabel('Appearance').selectOption('Dark');
  await page.getByLabel('Language').selectOption('Deutsch');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  chosen.now();
  await expect(page.getByRole('heading', { name: 'Anmelden' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('with keys a language is passed by until it is applied', async ({ device }) => {
  const { page, signUpPage } = device;
  await signUpPage.open();
  await signUpPage.username.fill('half-typed');
  await page.getByLabel('Language').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(page.getByLabel('Language')).toHaveValue('fr');
  await expect(signUpPage.username).toHaveValue('half-typed');
  await page.getByRole('button', { name: 'Apply' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Créer un compte' })).toBeVisible();
});

test.describe('a reader of German', () => {
  test.use({ locale: 'de-AT' });

  test('gets pages, problems and times in German', async ({ device, anotherDevice, user, watch }) => {
    watch.allow(/Failed to load resource.* 401 .*\/auth\/login/);
    const { page } = device;
    await page.goto('/login');
    await page.locator('body[data-hydrated]').waitFor({ state: 'attached' });
    await page.getByLabel('Benutzername').fill(user.username);
    await page.getByLabel('Passwort', { exact: true }).fill(user.password);
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
    await expect(page.getByRole('alert')).toHaveText('Der Benutzername oder das Passwort ist falsch.');
    await page.getByRole('link', { name: 'Konto anlegen' }).click();
    await page.getByLabel('Benutzername').fill(user.username);
    await page.getByLabel('Passwort', { exact: true }).fill(user.password);
    await page.getByRole('button', { name: 'Konto anlegen' }).click();
    await expect(page.getByRole('heading', { name: 'Ihre Geräte' })).toBeVisible();
    const other = await anotherDevice({ locale: 'en-GB' });
    await other.signIn(user);
    await expect(page.getByText(/Zuletzt aktiv\s+(gerade eben|vor)/)).toBeVisible();
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('chooses by the button', async ({ device, user, watch }) => {
    watch.allow(/was preloaded using link preload but not used/);
    await device.signUp(user);
    const { page } = device;
    await page.goto('/account');
    await new AccountPage(page, false).isShown();
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByLabel('Appearance').selectOption('Dark');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Ihr Konto' })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  });
});

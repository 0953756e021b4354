import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, TestInfo } from '@playwright/test';
import { nextTokens } from '../fixtures/api.ts';
import { root } from '../fixtures/server.ts';
import { type Device, expect, test } from '../fixtures/test.ts';
import { AccountPage } from '../pages/account.ts';

// For eyes, not for comparison: npm run screenshots.
const folder = join(root, 'docs/screenshots');
const schemes = ['light', 'dark'] as const;
const sizes = {
  wide: { viewport: { width: 1280, height: 800 }, shownWidth: 640 },
  phone: { viewport: { width: 390, height: 844 }, shownWidth: 240 },
};
type Scheme = (typeof schemes)[number];
type Size = keyof typeof sizes;

/** The sheets, and the states on each: few enough that a sheet stays small. */
const sheets = {
  'sign-up': ['signup', 'signup-refused'],
  'sign-up-strength': ['signup-easily-guessed', 'signup-hard-to-guess'],
  'sign-in': ['login', 'login-refused'],
  'sign-in-after-an-end': ['login-account-deleted', 'login-reused', 'login-signed-out-elsewhere'],
  'asides': ['missing', 'reauthenticate', 'resuming'],
  'devices': ['devices-empty', 'devices'],
  'devices-live': ['devices-news', 'devices-offline'],
  'devices-edit': ['devices-rename', 'devices-select'],
  'devices-sign-out': ['devices-confirm', 'devices-password'],
  'devices-texts': ['devices-long', 'devices-german'],
  'account': ['account', 'account-delete'],
  'account-password': ['account-password-refused', 'account-password-changed'],
  'activity': ['activity', 'activity-news'],
  'not-me': ['not-me', 'account-not-me'],
} as const;
type State = (typeof sheets)[keyof typeof sheets][number];

/** In bytes. */
const SHEET_MAX = 450_000;

/** What README.md shows, as it was taken. */
const alone = [
  ['devices', 'wide', 'light'],
  ['activity', 'phone', 'dark'],
] as const;

/** The default of `tokens.grace`, and a little: until then an exchanged token may be one whose answer was lost. */
const GRACE = 11_000;

const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Where a single picture is, until the next run. */
function pathOf(info: TestInfo, state: State, size: Size, scheme: Scheme): string {
  return join(info.project.outputDir, 'pictures', `${state}-${size}-${scheme}.png`);
}

/** A page with a row for each state: wide and narrow, each light and dark. */
async function layOut(info: TestInfo, states: readonly State[]): Promise<string> {
  const rows = states.map(async (state) => {
    const figures = Object.entries(sizes).flatMap(([size, { shownWidth }]) =>
      schemes.map(async (scheme) => {
        const png = await readFile(pathOf(info, state, size as Size, scheme));
        return `<figure><figcaption>${state}, ${size}, ${scheme}</figcaption>
          <img width="${shownWidth}" src="data:image/png;base64,${png.toString('base64')}"></figure>`;
      }),
    );
    return (await Promise.all(figures)).join('');
  });
  const columns = Object.values(sizes).flatMap(({ shownWidth }) => schemes.map(() => `${shownWidth}px`));
  return `<!doctype html><style>
    body { margin: 0; background: #808080; color: #fff; font: 13px sans-serif }
    main { display: grid; grid-template-columns: ${columns.join(' ')}; gap: 12px; width: max-content; padding: 12px }
    figure { margin: 0 }
    figcaption { padding-bottom: 4px }
    img { display: block }
  </style><main>${(await Promise.all(rows)).join('')}</main>`;
}

/** Lets a copy of a browser's cookies renew, twice, while the browser itself is elsewhere. */
async function useCopyOf(owner: Device, anotherDevice: (options: object) => Promise<Device>) {
  await owner.page.goto('about:blank');
  const copy = await anotherDevice({ storageState: await owner.context.storageState() });
  for (let renewals = 0; renewals < 2; renewals += 1) {
    const renewed = nextTokens(copy.page);
    await copy.devicesPage.open();
    await renewed;
  }
  await copy.page.goto('about:blank');
}

// The sheets are made of what the stories before them took.
test.describe.configure({ mode: 'serial' });

// Soon the password has to be shown again.
test.use({ settings: { LATCHKEY_SESSIONS__REAUTHENTICATION_WINDOW: '1s' } });

for (const colorScheme of schemes) {
  for (const [size, { viewport }] of Object.entries(sizes)) {
    test.describe(`${colorScheme} ${size}`, () => {
      test.use({ colorScheme, viewport });

      test('pages', async ({ device, anotherDevice, user, watch }, info) => {
        watch.allow(/Failed to load resource/);
        const { page, devicesPage, signInPage, signUpPage } = device;
        const account = new AccountPage(page);
        const ada = { ...user, username: `ada-${user.username}@example.org` };
        const shoot = (state: State, { of = page, fullPage = false }: { of?: Page; fullPage?: boolean } = {}) =>
          of.screenshot({
            path: pathOf(info, state, size as Size, colorScheme),
            animations: 'disabled',
            fullPage,
          });

        const copied = await anotherDevice();
        const renewed = nextTokens(copied.page);
        await copied.signUp({ ...user, username: `mia-${user.username}@example.org` });
        await renewed;
        await useCopyOf(copied, anotherDevice);
        const copyUsedAt = Date.now();

        await signUpPage.open();
        await shoot('signup');
        await signUpPage.password.fill('passwordpassword');
        await signUpPage.strength.filter({ hasText: /./ }).waitFor();
        await shoot('signup-easily-guessed');
        await signUpPage.password.fill(ada.password);
        await signUpPage.strength.filter({ hasText: /ood/ }).waitFor();
        await shoot('signup-hard-to-guess');
        await signUpPage.open();
        await signUpPage.submit({ ...ada, password: 'too short' });
        await signUpPage.error.waitFor();
        await shoot('signup-refused');
        await page.goto('/nothing');
        await shoot('missing');
        await signInPage.open();
        await shoot('login');
        await signInPage.submit({ ...ada, password: 'not the right password' });
        await signInPage.error.waitFor();
        await shoot('login-refused');

        await device.signUp(ada);
        await shoot('devices-empty');
        for (const userAgent of [iphone, firefox]) {
          const other = await anotherDevice({ userAgent });
          await other.signIn(ada);
        }
        await expect(devicesPage.messages).toHaveText([/has just signed in/, /has just signed in/]);
        await shoot('devices-news');
        await devicesPage.rename(devicesPage.thisDevice, 'Desk at home');
        await devicesPage.open();
        await shoot('devices');
        await devicesPage.startRenaming(devicesPage.otherDevices.first(), 'Kitchen');
        await shoot('devices-rename');
        await page.keyboard.press('Escape');
        await devicesPage.signOutOthersButton.click();
        await devicesPage.dialog.waitFor();
        await shoot('devices-confirm');
        await devicesPage.confirm();
        await devicesPage.passwordDialog.waitFor();
        await shoot('devices-password');
        await page.keyboard.press('Escape');
        await devicesPage.select(devicesPage.otherDevices.first());
        await shoot('devices-select');
        await page.getByRole('button', { name: 'Done selecting' }).click();
        await device.context.setOffline(true);
        await page.getByText('You are offline.').waitFor();
        await shoot('devices-offline');
        await device.context.setOffline(false);

        const shootWhole = async (name: 'activity' | 'account') => {
          await page.goto(`/${name}`);
          await page.locator('body[data-hydrated]').waitFor();
          await shoot(name, { fullPage: true });
        };
        await shootWhole('activity');
        await shootWhole('account');
        await account.changePassword(ada.password, ada.password);
        await page.getByText('This is the password that you have now.').waitFor();
        await shoot('account-password-refused');
        await account.changePassword(ada.password, 'another password of mine');
        await account.done.waitFor();
        await page.locator('.strength__words').filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
        await shoot('account-password-changed');
        ada.password = 'another password of mine';
        await account.deleteAccount('not the right password');
        await account.problem.waitFor();
        await shoot('account-delete');

        const activity = page.waitForResponse('**/api/activity*');
        await page.goto('/activity');
        await activity;
        await (await anotherDevice({ userAgent: iphone })).signIn(ada);
        await page.getByText('New activity.').waitFor();
        await shoot('activity-news');
        await page.goto('/activity');
        await page.getByRole('button', { name: 'This wasn’t me' }).first().click();
        await page.waitForURL('**/not-me');
        await page.locator('body[data-hydrated]').waitFor();
        await shoot('not-me');
        await page.goto('/reauthenticate?returnTo=/activity');
        await page.locator('body[data-hydrated]').waitFor();
        await shoot('reauthenticate');
        await page.goto('/account?notMe=over#password');
        await page.locator('body[data-hydrated]').waitFor();
        await shoot('account-not-me');

        await device.context.clearCookies({ name: /latchkey-session$/ });
        await page.route('**/auth/refresh', (route) => route.abort());
        await page.goto('/devices');
        await page.getByText('We keep trying.').waitFor();
        await shoot('resuming');
        await page.unroute('**/auth/refresh');
        await devicesPage.isShown();

        await devicesPage.rename(devicesPage.thisDevice, `Grandmother’s ${'very '.repeat(4)}old laptop 🪟 in_the_kitchen_cupboard`);
        await (await anotherDevice({ userAgent: firefox })).signIn(ada);
        await devicesPage.open();
        await shoot('devices-long');

        await page.getByLabel('Language').selectOption('Deutsch');
        await page.locator('html[lang=de]').waitFor();
        await page.goto('/devices');
        await page.locator('body[data-hydrated]').waitFor();
        await shoot('devices-german');
        await page.getByLabel('Sprache').selectOption('English');
        await page.locator('html[lang=en]').waitFor();

        const ended = await anotherDevice({ userAgent: iphone });
        await ended.signIn(ada);
        await ended.devicesPage.rename(ended.devicesPage.thisDevice, 'Lost phone');
        await devicesPage.open();
        await devicesPage.end(devicesPage.rows.filter({ hasText: 'Lost phone' }));
        await devicesPage.confirmPassword(ada.password);
        await ended.signInPage.isShown();
        await ended.signInPage.error.filter({ hasText: 'signed out from another device' }).waitFor();
        await shoot('login-signed-out-elsewhere', { of: ended.page });

        await account.open();
        await account.deleteAccount(ada.password);
        await signInPage.isShown();
        await page.getByText('Your account is deleted.').waitFor();
        await shoot('login-account-deleted');

        await sleep(Math.max(0, copyUsedAt + GRACE - Date.now()));
        await copied.page.goto('/devices');
        await copied.signInPage.isShown();
        await copied.signInPage.error.filter({ hasText: 'may have copied this sign-in' }).waitFor();
        await shoot('login-reused', { of: copied.page });
      });
    });
  }
}

test('sheets', async ({ page }, info) => {
  for (const [sheet, states] of Object.entries(sheets)) {
    const path = join(folder, `${sheet}.png`);
    await page.setContent(await layOut(info, states));
    await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
    await page.locator('main').screenshot({ path });
    expect.soft((await stat(path)).size, `bytes of ${sheet}.png`).toBeLessThan(SHEET_MAX);
  }
  for (const [state, size, scheme] of alone) {
    await copyFile(pathOf(info, state, size, scheme), join(folder, `${state}-${size}-${scheme}.png`));
  }
});

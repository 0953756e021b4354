import type { Page } from '@playwright/test';
import { Between, type Meddling } from '../fixtures/between.ts';
import { Server } from '../fixtures/server.ts';
import { Device, expect, test as base, type User } from '../fixtures/test.ts';

/** A server with somebody between it and its browsers. */
const test = base.extend<{}, { between: Between }>({
  between: [
    async ({}, use) => {
      const between = await Between.open();
      await use(between);
      await between.close();
    },
    { scope: 'worker' },
  ],
  server: [
    async ({ between, secrets }, use) => {
      const server = await Server.start({ LATCHKEY_SERVER__PUBLIC_URL: between.url });
      between.leadTo(server.port);
      await use(server);
      await server.stop();
      expect(await secrets.foundIn(server.log), 'secrets in the log').toEqual([]);
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ between }, use) => use(between.url),
});

test.beforeEach(({ between, watch }) => {
  between.meddling = {};
  watch.allow(/was preloaded using link preload but not used/);
});

/** Waits until it is so; confirms before whatever asks: the app in a dialog, or a page of its own. */
async function confirmed({ devicesPage, page }: Device, isSo: () => Promise<void>) {
  await expect(async () => {
    if (await devicesPage.dialog.isVisible()) await devicesPage.confirm();
    else if (new URL(page.url()).pathname === devicesPage.questionPath) await devicesPage.confirmByPage();
    await isSo();
  }).toPass();
}

/** What people do: sign up, see their devices, rename one, end another, sign out and in again. */
async function story(device: Device, other: Device, user: User, asks: 'browser' | 'page') {
  const { devicesPage, signInPage, page } = device;
  await device.signUp(user);
  await other.signIn(user);
  await page.reload();
  await devicesPage.isShown();
  await expect(devicesPage.rows).toHaveCount(2);
  await devicesPage.rename(devicesPage.thisDevice, 'An old friend');
  await expect(devicesPage.thisDevice).toContainText('An old friend');
  if (asks === 'browser') page.once('dialog', (dialog) => void dialog.accept());
  await devicesPage.signOutButtonOf(devicesPage.otherDevices).click();
  await confirmed(device, () => expect(devicesPage.rows).toHaveCount(1, { timeout: 1_000 }));
  await devicesPage.signOutButton.click();
  await signInPage.isShown();
  await device.signIn(user);
  await expect(devicesPage.rows).toHaveCount(1);
}

// What browsers of five years ago do not have (docs/browsers.md), taken away before anything runs.
const missing: Record<string, { without: () => void; asks?: 'browser' }> = {
  'AbortSignal.timeout': {
    without: () => {
      Reflect.deleteProperty(AbortSignal, 'timeout');
      Reflect.deleteProperty(AbortSignal, 'any');
    },
  },
  'Web Locks': { without: () => Reflect.deleteProperty(Navigator.prototype, 'locks') },
  'BroadcastChannel': { without: () => Reflect.deleteProperty(window, 'BroadcastChannel') },
  'dialogs': { without: () => Reflect.deleteProperty(window, 'HTMLDialogElement'), asks: 'browser' },
  'workers': { without: () => Reflect.deleteProperty(window, 'Worker') },
  'requestSubmit': { without: () => Reflect.deleteProperty(HTMLFormElement.prototype, 'requestSubmit') },
  'Intl': { without: () => Reflect.deleteProperty(window, 'Intl') },
  'all of these': {
    without: () => {
      for (const name of ['timeout', 'any']) Reflect.deleteProperty(AbortSignal, name);
      for (const name of ['BroadcastChannel', 'HTMLDialogElement', 'Worker', 'Intl']) Reflect.deleteProperty(window, name);
      Reflect.deleteProperty(Navigator.prototype, 'locks');
      Reflect.deleteProperty(HTMLFormElement.prototype, 'requestSubmit');
    },
    asks: 'browser',
  },
};

for (const [what, { without, asks }] of Object.entries(missing)) {
  test(`the whole story in a browser without ${what}`, async ({ device, anotherDevice, user, watch }) => {
    watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
    await device.context.addInitScript(without);
    const other = await anotherDevice();
    await other.context.addInitScript(without);
    await story(device, other, user, asks ?? 'page');
  });
}

test('without WebAssembly the pages are forms, and nothing complains', async ({ device, anotherDevice, user, watch }) => {
  watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
  const without = () => Reflect.deleteProperty(window, 'WebAssembly');
  await device.context.addInitScript(without);
  const other = await anotherDevice();
  await other.context.addInitScript(without);
  const plain = (device: Device) => device.withoutScripts();
  await story(plain(device), plain(other), user, 'page');
});

for (const tag of ['en-US@posix', 'en_US', '', '*', 'x'.repeat(300)]) {
  test(`a browser that prefers the language "${tag.slice(0, 20)}" shows times`, async ({ device, user }) => {
    await device.context.addInitScript((tag) => {
      Object.defineProperty(Navigator.prototype, 'languages', { get: () => [tag, null] });
    }, tag);
    await device.signUp(user);
    await expect(device.devicesPage.thisDevice.locator('time').first()).toHaveAttribute('title', /\d/);
  });
}

const headers: Record<string, Meddling> = {
  'without Fetch Metadata': { request: /^sec-fetch-/ },
  'whose proxy forgets client hints, languages and Fetch Metadata': { request: /^(sec-|accept-language)/ },
};
for (const [which, meddling] of Object.entries(headers)) {
  for (const scripts of [true, false]) {
    test(`the whole story in a browser ${which}, ${scripts ? 'with' : 'without'} scripts`, async ({
      anotherDevice,
      between,
      user,
      watch,
    }) => {
      watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
      between.meddling = meddling;
      const device = await anotherDevice({ javaScriptEnabled: scripts });
      const other = await anotherDevice({ javaScriptEnabled: scripts });
      await story(device, other, user, 'page');
    });
  }
}

test('a form whose origin somebody hides is refused on a page that leads back', async ({
  anotherDevice,
  between,
  user,
  watch,
}) => {
  watch.allow(/Failed to load resource.* 403 .*\/auth\/logout/);
  const device = await anotherDevice({ javaScriptEnabled: false });
  await device.signUp(user);
  between.meddling = { request: /^(sec-fetch-|origin$|referer$)/ };
  await device.devicesPage.signOutButton.click();
  await expect(device.page.getByRole('heading', { name: 'That was not accepted' })).toBeVisible();
  await device.page.getByRole('link', { name: 'Try again' }).click();
  await device.devicesPage.isShown();
});

for (const scripts of [true, false]) {
  test(`a browser that keeps no cookies says so, ${scripts ? 'with' : 'without'} scripts`, async ({
    anotherDevice,
    between,
    device,
    user,
    watch,
  }) => {
    watch.allow(/Failed to load resource.* 400 .*\/auth\/login/);
    await device.signUp(user);
    const { context, signInPage } = await anotherDevice({ javaScriptEnabled: scripts });
    between.meddling = { response: /^set-cookie$/ };
    await context.addInitScript(() => {
      Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set: () => undefined });
    });
    await signInPage.open();
    await signInPage.submit(user);
    await expect(signInPage.error).toContainText('Your browser keeps no cookies of this site');
    between.meddling = {};
    await device.page.reload();
    await device.devicesPage.isShown();
    await expect(device.devicesPage.rows).toHaveCount(1);
  });
}

// What becomes of a page on its way, or before the app is there.
const rewritten: Record<string, (html: string) => string> = {
  'whose comments were dropped': (html) => html.replace(/<!--.*?-->|<!>/gs, ''),
  'that was minified': (html) => html.replace(/<!--.*?-->|<!>/gs, '').replace(/>\s+</g, '><').replace(/\s+/g, ' '),
  'that was translated': (html) => {
    const start = html.indexOf('<body');
    return html.slice(0, start) + html.slice(start).replace(/>([^<>]*[A-Za-z][^<>]*)(?=<)/g, '><font><font>$1</font></font>');
  },
  'whose texts were split': (html) => {
    const start = html.indexOf('<body');
    return html.slice(0, start) + html.slice(start).replace(/>([^<>]*[A-Za-z])([^<>]+)(?=<\/(p|h1|span)>)/g, '>$1<b>$2</b>');
  },
};
for (const [which, page] of Object.entries(rewritten)) {
  test(`the whole story on a page ${which}`, async ({ device, anotherDevice, between, user, watch }) => {
    watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//, /panicked|unreachable|hydrat/i);
    between.meddling = { page };
    const plain = (device: Device) => device.withoutScripts();
    await story(plain(device), plain(await anotherDevice()), user, 'page');
  });
}

/** What a translator does to a page that has come alive: each text stands in new elements, and the old nodes are gone. */
async function translate(page: Page) {
  await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts: Text[] = [];
    while (walker.nextNode()) texts.push(walker.currentNode as Text);
    for (const text of texts.filter(({ data, parentElement }) => data.trim() && !parentElement?.closest('script, template'))) {
      const font = document.createElement('font');
      font.append(document.createElement('font'));
      font.firstElementChild?.append(text.data);
      text.replaceWith(font);
    }
  });
}

test('a page that is translated while it is alive goes on, or becomes plain, and ends what is to be ended', async ({
  device,
  anotherDevice,
  user,
  watch,
}) => {
  watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//, /panicked|unreachable/);
  const { devicesPage, page } = device;
  await device.signUp(user);
  const other = await anotherDevice();
  await other.signIn(user);
  await expect(devicesPage.rows).toHaveCount(2);
  await translate(page);
  await (await anotherDevice()).signIn(user);
  await devicesPage.signOutOthersButton.click();
  await confirmed(device, () => expect(other.page).toHaveURL((url) => url.pathname === '/login', { timeout: 1_000 }));
  await page.reload();
  await devicesPage.isShown();
  await expect(devicesPage.rows).toHaveCount(1);
});

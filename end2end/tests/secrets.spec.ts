import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nextTokens } from '../fixtures/api.ts';
import { secretCookie } from '../fixtures/secrets.ts';
import { expect, test } from '../fixtures/test.ts';

const refreshCookie = '__Host-Http-latchkey-refresh';

// Of every server the log is searched for secrets when it stops; of this one, all that it can say.
test.use({ settings: { LATCHKEY_LOG: 'trace' } });

test('no script of the page can find a token', async ({ device, user }) => {
  const tokens = [];
  const first = nextTokens(device.page);
  await device.signUpByForm(user);
  tokens.push((await first).accessToken);
  const second = nextTokens(device.page);
  await device.page.reload();
  await device.devicesPage.isShown();
  tokens.push((await second).accessToken);
  tokens.push((await device.context.cookies()).find(({ name }) => name === refreshCookie)?.value ?? '');
  expect(tokens.every((token) => token.split('.').length === 3)).toBe(true);

  const found = await device.page.evaluate(async (tokens) => {
    const found: string[] = [];
    const secret = (text: string) => tokens.some((token) => token.split('.').slice(1).some((part) => text.includes(part)));
    const look = (where: string, text = '') => secret(text) && found.push(where);
    look('localStorage', JSON.stringify({ ...localStorage }));
    look('sessionStorage', JSON.stringify({ ...sessionStorage }));
    look('document.cookie', document.cookie);
    look('history.state', JSON.stringify(history.state));
    look('document', document.documentElement.outerHTML);
    look('address', location.href);
    look('window.name', window.name);
    for (const { name } of await indexedDB.databases()) found.push(`indexedDB ${name}`);
    for (const name of await caches.keys()) found.push(`cache ${name}`);

    const seen = new Set<unknown>();
    const walk = (value: unknown, path: string, depth: number) => {
      if (typeof value === 'string') look(path, value);
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
      seen.add(value);
      // WebAssembly's memory is out of reach of a script unless something hands it out.
      if (value instanceof WebAssembly.Memory) found.push(`${path}: the app's memory`);
      if (depth === 0) return;
      // Accessors are the browser's own; what they lead to is looked at above.
      for (const [key, { value: held }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
        walk(held, `${path}.${key}`, depth - 1);
      }
    };
    walk(globalThis, 'globalThis', 4);
    return found;
  }, tokens);
  expect(found).toEqual([]);
});

test('the log is searched for what was really sent', async ({ device, secrets, server, user }) => {
  for (const open of [() => device.signUpByForm(user), () => device.devicesPage.open()]) {
    const renewed = nextTokens(device.page);
    await open();
    await renewed;
  }
  const found = async (log: string) => (await secrets.foundIn(log)).length;
  await expect.poll(() => found(`password=${user.password}`)).toBe(1);
  const cookies = (await device.context.cookies()).filter(({ name }) => secretCookie.test(name));
  expect(cookies.length).toBe(3);
  for (const { name, value } of cookies) expect(await found(`cookie: ${name}=${value}`), name).toBeGreaterThan(0);
  // Password, two access tokens, two refresh tokens, a web session: or more.
  expect(secrets.count).toBeGreaterThanOrEqual(6);
  expect(server.log.length).toBeGreaterThan(10_000);
});

test('the database file holds no refresh token in any form', async ({ device, server, user }) => {
  const seen = new Set<string>();
  const note = async () => {
    const cookie = (await device.context.cookies()).find(({ name }) => name === refreshCookie);
    if (cookie) seen.add(cookie.value);
  };
  for (const open of [() => device.signUpByForm(user), () => device.devicesPage.open()]) {
    const renewed = nextTokens(device.page);
    await open();
    await renewed;
    await note();
  }
  expect(seen.size).toBe(2);

  const files = (await readdir(server.folder)).filter((name) => name.startsWith('latchkey.db'));
  expect(files.length).toBeGreaterThan(0);
  const stored = Buffer.concat(await Promise.all(files.map((name) => readFile(join(server.folder, name)))));
  expect(stored.includes(user.username)).toBe(true);
  for (const token of seen) {
    const [, payload = '', signature = ''] = token.split('.');
    const raw = Buffer.from(signature, 'base64url');
    const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forms = [payload, signature, raw, raw.toString('hex'), raw.toString('base64'), jti];
    for (const form of forms) expect(stored.includes(form)).toBe(false);
  }
});

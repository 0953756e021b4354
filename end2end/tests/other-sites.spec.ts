import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nextTokens } from '../fixtures/api.ts';
import { expect, test as base } from '../fixtures/test.ts';

/** A page of somebody else's, under a host of its own. */
const test = base.extend<{ theirs: (host: string, html: string) => Promise<string> }>({
  theirs: async ({}, use) => {
    let html = '';
    const site = createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/html' }).end(html));
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const { port } = site.address() as AddressInfo;
    await use(async (host, page) => {
      html = page;
      return `http://${host}:${port}/`;
    });
    site.closeAllConnections();
    site.close();
  },
});

// Another origin of the same host, a sibling under the same domain, another site.
for (const host of ['localhost', 'evil.localhost', '127.0.0.1']) {
  test(`a page at ${host} can neither sign anybody in or out nor read anything`, async ({
    device,
    server,
    theirs,
    user,
    watch,
  }) => {
    watch.allow(/CORS|ERR_FAILED|Failed to fetch|Failed to load resource|ERR_BLOCKED_BY_RESPONSE|frame-ancestors|X-Frame/);
    const { page, devicesPage } = device;
    const renewed = nextTokens(page);
    await device.signUp(user);
    // The page has renewed by itself, and is left: what moves from here on was moved by theirs.
    await renewed;
    await page.goto('about:blank');
    const before = await device.context.cookies(server.url);

    const forms = [
      ['/auth/logout', ''],
      ['/auth/logout-all', ''],
      ['/auth/login', `<input name="username" value="${user.username}"><input name="password" value="${user.password}">`],
      ['/auth/signup', '<input name="username" value="mallory"><input name="password" value="a fine long password">'],
      ['/auth/refresh', ''],
    ];
    for (const [path, fields] of forms) {
      const form = `<form method="post" action="${server.url}${path}">${fields}</form><script>document.forms[0].submit()</script>`;
      const answered = page.waitForResponse((response) => new URL(response.url()).pathname === path);
      await page.goto(await theirs(host, form));
      expect((await answered).status(), path).toBe(403);
    }

    await page.goto(await theirs(host, '<p>theirs</p>'));
    const read = await page.evaluate(async (url) => {
      const tried: Record<string, string> = {};
      for (const path of ['/api/me', '/api/sessions', '/devices', '/login']) {
        for (const mode of ['cors', 'no-cors'] as const) {
          const answer = await fetch(`${url}${path}`, { credentials: 'include', mode }).catch(() => undefined);
          tried[`${mode} ${path}`] = answer ? `${answer.type} ${(await answer.text()).length}` : 'refused';
        }
      }
      for (const path of ['/auth/refresh', '/auth/logout', '/auth/logout-all']) {
        const options = { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}' } as const;
        const answer = await fetch(`${url}${path}`, options).catch(() => undefined);
        tried[`post ${path}`] = answer ? `${answer.type} ${(await answer.text()).length}` : 'refused';
      }
      return tried;
    }, server.url);
    for (const [what, outcome] of Object.entries(read)) {
      expect(outcome === 'refused' || outcome === 'opaque 0', `${what}: ${outcome}`).toBe(true);
    }

    await page.goto(await theirs(host, `<iframe src="${server.url}/devices"></iframe>`));
    await expect(page.frameLocator('iframe').getByRole('heading', { name: 'Your devices' })).toHaveCount(0);

    const after = await device.context.cookies(server.url);
    const refresh = (cookies: typeof before) => cookies.find(({ name }) => name.endsWith('refresh'))?.value;
    expect(refresh(after)).toBe(refresh(before));
    await devicesPage.open();
    await expect(devicesPage.rows).toHaveCount(1);
  });
}

import { call, nextTokens } from '../fixtures/api.ts';
import { Moment } from '../fixtures/moment.ts';
import { expect, test } from '../fixtures/test.ts';

test('signs out, and Back shows nothing', async ({ device, user }) => {
  await device.signUp(user);
  await device.page.reload();
  await device.devicesPage.isShown();
  await device.devicesPage.signOutButton.click();
  await device.signInPage.isShown();

  for (let steps = 0; steps < 2; steps += 1) {
    await device.page.goBack();
    await expect(device.devicesPage.rows).toHaveCount(0);
    await expect(device.page.getByText(user.username)).toHaveCount(0);
  }
});

test('signing out empties the other tabs', async ({ device, user, watch }) => {
  watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
  await device.signUp(user);
  const tab = await device.anotherTab();
  await tab.devicesPage.open();
  await device.devicesPage.signOutButton.click();
  await device.signInPage.isShown();

  await tab.signInPage.isShown();
  await expect(tab.devicesPage.rows).toHaveCount(0);
});

for (const listens of ['the tab that signs out', 'another tab']) {
  test(`a slow answer leaves no doubt that somebody signed out by themselves; ${listens} listens`, async ({
    device,
    user,
    watch,
  }) => {
    // What the tab that follows was just asking for.
    watch.allow(/Failed to load resource.* 401 .*\/(api|auth)\//);
    await device.signUp(user);
    const tab = await device.anotherTab();
    await tab.devicesPage.open();
    const [leaving, following] = listens === 'another tab' ? [tab, device] : [device, tab];
    // The network brings the answer long after the event that says the same.
    await leaving.page.route('**/auth/logout', async (route) => {
      const response = await route.fetch();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      // The page may have left by then.
      await route.fulfill({ response }).catch(() => undefined);
    });
    await leaving.devicesPage.signOutButton.click();

    for (const { page, signInPage } of [leaving, following]) {
      await signInPage.isShown();
      await expect(page).toHaveURL((url) => url.search === '');
      await expect(page.getByText('You are signed out.')).toBeVisible();
      await expect(signInPage.error).toHaveCount(0);
    }
  });
}

for (const everywhere of [false, true]) {
  const how = everywhere ? 'signs out everywhere' : 'signs out';
  test(`a tab that renews while another one ${how} does not take it for something else`, async ({ device, user, watch }) => {
    watch.allow(/Failed to load resource.* 401 .*\/auth\/refresh/);
    await device.signUp(user);
    const tab = await device.anotherTab();
    const ended = new Moment();
    await tab.page.route('**/auth/refresh', async (route) => {
      await ended.come;
      await route.continue();
    });
    await tab.devicesPage.open();
    await device.page.route(/\/auth\/logout/, async (route) => {
      const response = await route.fetch();
      ended.now();
      await tab.signInPage.isShown();
      await route.fulfill({ response });
    });
    await (everywhere ? device.devicesPage.endAll() : device.devicesPage.signOutButton.click());

    await device.signInPage.isShown();
    await expect(tab.page).toHaveURL((url) => url.search === '');
    await expect(tab.signInPage.error).toHaveCount(0);
  });
}

for (const asked of ['/api/live', '/api/sessions']) {
  test(`signing out breaks off what the page still asks for: ${asked}`, async ({ device, anotherDevice, user }) => {
    const { page, devicesPage, signInPage } = device;
    await device.signUp(user);
    await page.goto('about:blank');
    const ended = new Moment();
    const answer = new Moment<string>();
    await page.route(`**${asked}`, async (route) => {
      await ended.come;
      await route.continue().catch(() => undefined);
    });
    await page.route('**/auth/logout', async (route) => {
      const response = await route.fetch();
      ended.now();
      await answer.come;
      await route.fulfill({ response });
    });
    const asking = page.waitForRequest(`**${asked}`);
    await devicesPage.open();
    // The list came with the page: it is asked for when it has changed.
    if (asked === '/api/sessions') await (await anotherDevice()).signIn(user);
    const response = (await asking).response();
    void response.then((response) => answer.now(response ? `${response.status()}` : 'broken off'));
    await devicesPage.signOutButton.click();

    expect(await answer.come).toBe('broken off');
    await signInPage.isShown();
    await expect(page).toHaveURL((url) => url.search === '');
  });
}

test('signing out waits for the renewal that is under way', async ({ device, user }) => {
  const { page, devicesPage, signInPage } = device;
  await device.signUp(user);
  await page.goto('about:blank');
  const clicked = new Moment();
  await page.route('**/auth/refresh', async (route) => {
    await clicked.come;
    await route.continue();
  });
  const renewing = page.waitForRequest('**/auth/refresh');
  await devicesPage.open();
  const renewal = await renewing;
  const order: string[] = [];
  page.on('response', (response) => response.request() === renewal && order.push('renewed'));
  page.on('request', (request) => new URL(request.url()).pathname === '/auth/logout' && order.push('signing out'));
  await devicesPage.signOutButton.click();
  clicked.now();

  await signInPage.isShown();
  expect(order).toEqual(['renewed', 'signing out']);
});

test('signing out ends the tokens at once and leaves no cookie', async ({ device, server, user }) => {
  const first = nextTokens(device.page);
  await device.signUp(user);
  const { accessToken } = await first;
  const old = (await device.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  await device.devicesPage.signOutButton.click();
  await device.signInPage.isShown();

  expect((await call(server, '/api/me', { bearer: accessToken })).status).toBe(401);
  const refresh = await call(server, '/auth/refresh', {
    method: 'POST',
    headers: { Cookie: old, Origin: server.url },
  });
  expect(refresh.status).toBe(401);
  expect(refresh.headers.getSetCookie()).toEqual([]);
  const left = (await device.context.cookies()).map(({ name }) => name);
  expect(left).not.toContain('__Host-Http-latchkey-refresh');
});

import { call, nextTokens } from '../fixtures/api.ts';
import { expect, test } from '../fixtures/test.ts';

test('a browser that was asked by the first page tells its system, and its session is called by it', async ({
  device,
  server,
  user,
}) => {
  const browser = await device.context.newCDPSession(device.page);
  await browser.send('Emulation.setUserAgentOverride', {
    userAgent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    userAgentMetadata: {
      brands: [
        { brand: 'Chromium', version: '140' },
        { brand: 'Microsoft Edge', version: '140' },
      ],
      platform: 'Windows',
      platformVersion: '15.0.0',
      architecture: 'x86',
      model: '',
      mobile: false,
    },
  });
  const tokens = nextTokens(device.page);
  await device.signUpByForm(user);
  const answer = await call(server, '/api/sessions', { bearer: (await tokens).accessToken });
  expect(await answer.json()).toMatchObject([{ browser: 'Edge', os: 'Windows 11', kind: 'desktop' }]);
});

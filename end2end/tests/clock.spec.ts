import { nextTokens } from '../fixtures/api.ts';
import { expect, test } from '../fixtures/test.ts';

test('a device that slept for a day wakes up signed in', async ({ device, user }) => {
  const { page, devicesPage } = device;
  await page.clock.install();
  await device.signUp(user);
  const renewed = nextTokens(page);
  await page.clock.fastForward('24:00:00');
  await renewed;
  await devicesPage.rename(devicesPage.thisDevice, 'Well rested');
  await expect(devicesPage.thisDevice).toContainText('Well rested');
});

for (const days of [-3, 3]) {
  test(`a clock that is ${days} days off shows right times all the same`, async ({ device, anotherDevice, user }) => {
    const { page, devicesPage } = device;
    await page.clock.install({ time: Date.now() + days * 86_400_000 });
    await device.signUp(user);
    await (await anotherDevice()).signIn(user);
    await expect(devicesPage.rows).toHaveCount(2);
    await expect(devicesPage.otherDevices).toContainText(/Last active (just now|\d+ (seconds?|minutes?) ago)/);
    await page.reload();
    await devicesPage.isShown();
    await expect(devicesPage.otherDevices).toContainText(/Last active (just now|\d+ (seconds?|minutes?) ago)/);
  });
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, Server, type Settings } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';

const run = promisify(execFile);

async function seedFlow(url: string) {
  const { stdout } = await run(join(root, 'scripts/seed-flow'), [url], { env: { PATH: process.env.PATH } });
  expect(stdout).toContain('seed flow: passed');
}

test('the seed flow with curl, on SQLite', async ({ server }) => seedFlow(server.url));

test('the seed flow with curl, on PostgreSQL', async () => {
  const postgres = process.env.LATCHKEY_TEST_POSTGRES;
  test.skip(!postgres, 'no PostgreSQL: run make test-browser');
  const database = `seed_flow_${process.pid}`;
  await run('psql', [postgres!, '-qc', `create database ${database}`]);
  const settings: Settings = { LATCHKEY_DATABASE__URL: postgres!.replace(/\/postgres$/, `/${database}`) };
  const server = await Server.start(settings);
  try {
    await seedFlow(server.url);
  } finally {
    await server.stop();
  }
});

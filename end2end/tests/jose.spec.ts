import { createRemoteJWKSet, jwtVerify } from 'jose';
import { call, type Tokens } from '../fixtures/api.ts';
import { expect, test } from '../fixtures/test.ts';

test('an independent library verifies the access token by the published keys', async ({ server, user }) => {
  const before = Math.floor(Date.now() / 1000);
  const answer = await call(server, '/auth/signup', { json: user });
  expect(answer.status).toBe(201);
  const { accessToken, tokenType, expiresIn } = (await answer.json()) as Tokens;
  expect(tokenType).toBe('Bearer');

  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', server.url));
  const me = await (await call(server, '/api/me', { bearer: accessToken })).json();
  const { payload, protectedHeader } = await jwtVerify(accessToken, keys, {
    typ: 'at+jwt',
    issuer: server.url,
    subject: me.sub,
    algorithms: ['EdDSA', 'Ed25519'],
    requiredClaims: ['aud', 'exp', 'iat', 'jti', 'sid', 'azp', 'client_id', 'scope', 'auth_time'],
  });

  expect(protectedHeader).toEqual({ alg: expect.any(String), typ: 'at+jwt', kid: expect.any(String) });
  expect(Object.keys(payload).sort()).toEqual(
    ['aud', 'auth_time', 'azp', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sid', 'sub'].sort(),
  );
  expect(payload).toMatchObject({ sid: me.sid, scope: me.scope, azp: 'web', client_id: 'web' });
  for (const time of [payload.iat, payload.auth_time]) {
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now() / 1000 + 1);
  }
  // Ten minutes, shortened at random by up to 5 %.
  const life = (payload.exp ?? 0) - (payload.iat ?? 0);
  expect(life).toBeGreaterThanOrEqual(570);
  expect(life).toBeLessThanOrEqual(600);
  expect(Math.abs(life - expiresIn)).toBeLessThanOrEqual(1);
});

test('publishes public keys only', async ({ server }) => {
  const { keys } = (await (await call(server, '/.well-known/jwks.json')).json()) as { keys: Record<string, string>[] };
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) {
    expect(key).toMatchObject({ kty: expect.any(String), kid: expect.any(String), use: 'sig' });
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret);
  }
});

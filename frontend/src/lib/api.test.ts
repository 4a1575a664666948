import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';

import { problem, server } from '@/testing/server';

import { api, ApiError } from './api';

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError');
  return error;
}

test('a write carries the token that the server gave for this session', async () => {
  await expect(api.post('/session/guest')).resolves.toMatchObject({ kind: 'guest' });
  await expect(api.post('/me/ratings', { body: { movie_id: 6, rating: 4 } })).resolves.toMatchObject({ rating: 4 });
});

test('a token that went stale in another tab is replaced and the write repeated once', async () => {
  let asked = 0;
  server.use(
    http.post('/api/me/watchlist', ({ request }) => {
      asked += 1;
      const fresh = request.headers.get('X-CSRF-Token') === 'fresh';
      return fresh ? new HttpResponse(null, { status: 204 }) : problem(403, 'stale', 'urn:problem:csrf');
    }),
  );
  await api.get('/me');
  server.use(http.get('/api/me', () => HttpResponse.json({ kind: 'guest', csrf_token: 'fresh' })));
  await api.post('/me/watchlist', { body: { movie_id: 6 } });
  expect(asked).toBe(2);
});

test('a refusal that is not about the token is not repeated', async () => {
  let asked = 0;
  server.use(
    http.post('/api/me/watchlist', () => {
      asked += 1;
      return problem(403, 'only an admin may do this', 'urn:problem:not-admin');
    }),
  );
  await failure(api.post('/me/watchlist'));
  expect(asked).toBe(1);
});

test('a problem becomes one line with its status and request id', async () => {
  const error = await failure(api.get('/movies/999'));
  expect(error).toMatchObject({ message: 'unknown film: 999', status: 404, requestId: 'f00dcafe' });
});

test('field errors are named rather than the general sentence above them', async () => {
  const errors = [
    { field: 'q', message: 'is too long' },
    { field: '', message: 'no' },
  ];
  server.use(http.get('/api/search', () => HttpResponse.json({ detail: 'invalid', errors }, { status: 422 })));
  expect((await failure(api.get('/search'))).message).toBe('q: is too long; no');
});

test('an error page of something between us and the server still makes a sentence', async () => {
  server.use(http.get('/api/genres', () => new HttpResponse('<h1>Bad gateway</h1>', { status: 502 })));
  const error = await failure(api.get('/genres'));
  expect(error).toMatchObject({ message: 'The server answered with an error (502).', status: 502 });
});

test('no answer at all is told apart from an error', async () => {
  server.use(http.get('/api/genres', () => HttpResponse.error()));
  expect(await failure(api.get('/genres'))).toMatchObject({ status: 0 });
});

test('parameters without a value are left out of the address', async () => {
  let address = '';
  server.use(
    http.get('/api/search', ({ request }) => {
      address = request.url;
      return HttpResponse.json({ items: [] });
    }),
  );
  await api.get('/search', { params: { q: 'a & b', genre: undefined, year_from: null, diversity: 0, mode: '' } });
  expect(new URL(address).search).toBe('?q=a+%26+b&diversity=0');
});

/** A server of five films, with one session at a time and the real one's rules for tokens and guests. */
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';

import type { Account, FoundList, Home, Import, Me, Movie, MovieDetail, Personas, Rating, Row } from '@/lib/api-types';

import { ALIEN, BABE, HEAT, recommended, RONIN, SOLARIS } from './films';

const RELEASE = 'abcdef012345';
const LINK_TOKEN = 'a-token-of-a-link';
const FILMS = [HEAT, ALIEN, SOLARIS, RONIN, BABE];

interface Memory {
  me: Omit<Me, 'csrf_token' | 'ratings_count'>;
  ratings: Rating[];
  watchlist: Movie[];
  guestsMade: number;
  password: string;
  accounts: Account[];
}

const emptyMemory = (): Memory => ({
  me: { kind: 'anonymous', name: null, is_admin: false },
  ratings: [],
  watchlist: [],
  guestsMade: 0,
  password: 'the password so far',
  accounts: [],
});

/** What the server remembers, until `clearMemory`. */
export let memory = emptyMemory();

export function clearMemory() {
  memory = emptyMemory();
}

export const problem = (status: number, detail: string, type = 'about:blank') =>
  HttpResponse.json({ type, title: 'Problem', status, detail, request_id: 'f00dcafe' }, { status });

const me = (): Me => ({ ...memory.me, ratings_count: memory.ratings.length, csrf_token: `token of ${memory.me.kind}` });

const proved = (request: Request) => request.headers.get('X-CSRF-Token') === me().csrf_token;
const refused = () => problem(403, 'send the csrf_token', 'urn:problem:csrf');
const gone = () => new HttpResponse(null, { status: 204 });

const page = <T>(items: T[]) => ({ items, page: 1, per_page: 20, total: items.length });

const filmOf = (movieId: number) => FILMS.find(({ movie_id }) => movie_id === movieId);

/** Films of the kind the viewer liked come first once something is liked. */
function homeRows(): Row[] {
  const liked = memory.ratings.find(({ rating }) => rating !== null && rating >= 3)?.movie;
  const unseen = FILMS.filter((film) => !memory.ratings.some(({ movie }) => movie.movie_id === film.movie_id));
  const popular: Row = { row_id: 'popular', kind: 'popular', title: 'Popular now', items: unseen.map((film) => recommended(film)) };
  if (!liked) return [popular];
  const near = unseen.filter(({ genres }) => genres.some((genre) => liked.genres.includes(genre)));
  const forYou: Row = { row_id: 'for-you', kind: 'for_you', title: 'For you', items: near.map((film) => recommended(film, liked)) };
  return [forYou, { ...popular, items: popular.items.filter(({ movie }) => !near.includes(movie)) }];
}

const films = [
  http.get('/api/genres', () =>
    HttpResponse.json({
      items: [
        { genre: 'Sci-Fi', movies: 2 },
        { genre: 'Crime', movies: 2 },
      ],
    }),
  ),
  http.get('/api/movies/popular', () =>
    HttpResponse.json({ release_id: RELEASE, items: FILMS.map((film) => recommended(film)) }),
  ),
  http.get('/api/movies/:id/similar', () => HttpResponse.json({ release_id: RELEASE, items: [recommended(RONIN)] })),
  http.get('/api/movies/:id', ({ params }) => {
    const film = filmOf(Number(params.id));
    if (!film) return problem(404, `unknown film: ${String(params.id)}`);
    return HttpResponse.json<MovieDetail>({
      ...film,
      overview: 'A crew and a thief.',
      runtime: 170,
      directors: ['Michael Mann'],
      cast: ['Al Pacino', 'Robert De Niro'],
      keywords: [],
      tmdb_id: 949,
      imdb_id: 'tt0113277',
      ratings_count: 120,
      average_rating: 3.9,
      predicted_rating: memory.ratings.length > 0 ? 3.4 : null,
      my_rating: memory.ratings.find(({ movie }) => movie === film)?.rating ?? null,
      not_interested: false,
      in_watchlist: memory.watchlist.includes(film),
    });
  }),
  http.get('/api/search', ({ request }) => {
    const q = new URL(request.url).searchParams.get('q') ?? '';
    const found = FILMS.filter(({ title }) => title.toLowerCase().startsWith(q.slice(0, 3).toLowerCase()));
    return HttpResponse.json<FoundList>({ items: found.map((movie) => ({ movie, score: 1, matched: 'title' })) });
  }),
];

const personas = [
  http.get('/api/personas', () =>
    HttpResponse.json<Personas>(
      page([{ persona_id: 15, ratings_count: 1700, average_rating: 2.6, favourite_genres: ['Crime', 'Sci-Fi'] }]),
    ),
  ),
  http.get('/api/personas/:id/history', ({ params }) =>
    params.id === '15'
      ? HttpResponse.json(page([{ movie: HEAT, rating: 4.5, rated_at: '2016-07-24T10:00:00Z' }]))
      : problem(404, `unknown persona: ${String(params.id)}`),
  ),
  http.get('/api/personas/:id/recommendations', ({ params, request }) => {
    if (params.id !== '15') return problem(404, `unknown persona: ${String(params.id)}`);
    const genre = new URL(request.url).searchParams.get('genre');
    const chosen = [RONIN, ALIEN].filter(({ genres }) => genre === null || genres.includes(genre));
    return HttpResponse.json({ release_id: RELEASE, items: chosen.map((film) => recommended(film, HEAT)) });
  }),
];

const session = [
  http.get('/api/me', () => HttpResponse.json(me())),
  http.post('/api/session/guest', ({ request }) => {
    if (!proved(request)) return refused();
    if (memory.me.kind !== 'anonymous') return problem(409, 'there is a session already');
    memory.guestsMade += 1;
    memory.me = { kind: 'guest', name: null, is_admin: false };
    return HttpResponse.json(me(), { status: 201 });
  }),
  http.post<never, { name: string }>('/api/accounts', async ({ request }) => {
    if (!proved(request)) return refused();
    const { name } = await request.json();
    if (name === 'taken') return problem(409, 'this name is not available; choose another');
    memory.me = { kind: 'user', name, is_admin: false };
    return HttpResponse.json(me(), { status: 201 });
  }),
  http.delete('/api/session', ({ request }) => {
    if (!proved(request)) return refused();
    memory = emptyMemory();
    return gone();
  }),
];

const mine = [
  http.get('/api/me/home', () => HttpResponse.json<Home>({ release_id: RELEASE, rows: homeRows() })),
  http.get('/api/me/ratings', () => HttpResponse.json(page(memory.ratings))),
  http.post<never, { movie_id: number; rating?: number }>('/api/me/ratings', async ({ request }) => {
    if (!proved(request)) return refused();
    if (memory.me.kind === 'anonymous') return problem(401, 'start as a guest');
    const said = await request.json();
    const movie = filmOf(said.movie_id);
    if (!movie) return problem(404, 'unknown film');
    const rating = said.rating ?? null;
    const entry = { movie, rating, not_interested: rating === null, rated_at: '2026-01-02T03:04:05Z' };
    memory.ratings = [entry, ...memory.ratings.filter((other) => other.movie !== movie)];
    return HttpResponse.json(entry, { status: 201 });
  }),
  http.delete('/api/me/ratings/:id', ({ params, request }) => {
    if (!proved(request)) return refused();
    memory.ratings = memory.ratings.filter(({ movie }) => movie.movie_id !== Number(params.id));
    return gone();
  }),
  http.get('/api/me/watchlist', () =>
    HttpResponse.json({ items: memory.watchlist.map((movie) => ({ movie, added_at: '2026-01-02T03:04:05Z' })) }),
  ),
  http.post<never, { movie_id: number }>('/api/me/watchlist', async ({ request }) => {
    if (!proved(request)) return refused();
    const movie = filmOf((await request.json()).movie_id);
    if (!movie) return problem(404, 'unknown film');
    memory.watchlist = [movie, ...memory.watchlist];
    return HttpResponse.json({ movie, added_at: '2026-01-02T03:04:05Z' }, { status: 201 });
  }),
  http.post('/api/me/import', async ({ request }) => {
    if (!proved(request)) return refused();
    const commit = new URL(request.url).searchParams.get('commit') === 'true';
    const form = await request.text(); // undici's parser of forms does not know jsdom's files
    if (!form.includes('name="file"')) return problem(422, 'file: missing');
    return HttpResponse.json<Import>({
      format: 'letterboxd',
      matched_count: 1,
      unmatched_count: 1,
      matched: [{ line: 2, movie: HEAT, rating: 4 }],
      unmatched: [{ line: 3, text: 'A Home Video', reason: 'no such film here' }],
      kept: commit ? 1 : null,
    });
  }),
  http.post('/api/events', gone),
];

const passwords = [
  http.post<never, { password: string; new_password: string }>('/api/me/password', async ({ request }) => {
    if (!proved(request)) return refused();
    const given = await request.json();
    if (given.password !== memory.password) return problem(403, 'the password is wrong');
    memory.password = given.new_password;
    return HttpResponse.json(me());
  }),
  http.delete('/api/me/sessions', ({ request }) => {
    if (!proved(request)) return refused();
    memory.me = emptyMemory().me;
    return gone();
  }),
  http.post<never, { token: string; password: string }>('/api/password-reset', async ({ request }) => {
    if (!proved(request)) return refused();
    const { token, password } = await request.json();
    if (token !== LINK_TOKEN) return problem(403, 'this link was used, replaced, or is too old; ask for a new one');
    memory.password = password;
    return gone();
  }),
];

const admin = [
  http.get('/api/admin/accounts', ({ request }) => {
    const name = new URL(request.url).searchParams.get('name') ?? '';
    return HttpResponse.json(page(memory.accounts.filter((account) => account.name.includes(name))));
  }),
  http.post<{ change: string }, { name: string }>('/api/admin/accounts/:change', async ({ params, request }) => {
    if (!proved(request)) return refused();
    const { name } = await request.json();
    if (params.change === 'reset-link') return HttpResponse.json({ token: LINK_TOKEN, expires_at: '2026-01-03T03:04:05Z' }, { status: 201 });
    const admins = memory.accounts.filter(({ is_admin }) => is_admin);
    if (params.change === 'revoke-admin' && admins.length === 1) return problem(409, 'this is the last admin; make another one first');
    const changed = { lock: { locked: true }, unlock: { locked: false }, 'revoke-admin': { is_admin: false } }[params.change];
    memory.accounts = memory.accounts.map((account) => (account.name === name ? { ...account, ...changed } : account));
    return gone();
  }),
  http.delete<never, { name: string }>('/api/admin/accounts', async ({ request }) => {
    if (!proved(request)) return refused();
    const { name } = await request.json();
    memory.accounts = memory.accounts.filter((account) => account.name !== name);
    return gone();
  }),
];

export const server = setupServer(
  http.get('/api/progress', () => HttpResponse.json({ stages: [] })),
  http.get('/api/ready', () => HttpResponse.json({ status: 'ready', release_id: RELEASE, worker: 1, workers: 1 })),
  ...films,
  ...personas,
  ...session,
  ...mine,
  ...passwords,
  ...admin,
);

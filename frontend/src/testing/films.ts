import type { Movie, Recommendation } from '@/lib/api-types';

const film = (movie_id: number, title: string, year: number, genres: string[]): Movie => ({
  movie_id,
  title,
  year,
  genres,
  poster_url: null,
});

export const HEAT = film(6, 'Heat', 1995, ['Action', 'Crime', 'Thriller']);
export const ALIEN = film(1214, 'Alien', 1979, ['Horror', 'Sci-Fi']);
export const SOLARIS = film(2666, 'Solaris', 1972, ['Drama', 'Sci-Fi']);
export const RONIN = film(2278, 'Ronin', 1998, ['Action', 'Crime', 'Thriller']);
export const BABE = film(34, 'Babe', 1995, ['Children', 'Drama']);

export const recommended = (movie: Movie, ...because: Movie[]): Recommendation => ({
  movie,
  score: 1,
  predicted_rating: because.length > 0 ? 4.23 : null,
  reasons: because.map(({ movie_id, title }) => ({ movie_id, title, share: 1 / because.length })),
});

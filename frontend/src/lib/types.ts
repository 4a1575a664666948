/** What the server's API takes and gives, written by hand from its contract. */

export interface Movie {
  movie_id: number;
  title: string;
  year: number | null;
  genres: string[];
  poster_url: string | null;
}

export interface MovieDetail extends Movie {
  overview: string | null;
  /** Minutes. */
  runtime: number | null;
  directors: string[];
  cast: string[];
  keywords: string[];
  tmdb_id: number | null;
  imdb_id: string | null;
  ratings_count: number;
  average_rating: number | null;
  my_rating: number | null;
  not_interested: boolean;
  in_watchlist: boolean;
}

/** A film of the history, and how much of the recommendation it carried (0 to 1). */
export interface Reason {
  movie_id: number;
  title: string;
  share: number;
}

export interface Recommendation {
  movie: Movie;
  score: number;
  reasons: Reason[];
}

export interface Recommendations {
  release_id: string;
  items: Recommendation[];
}

export interface Items<T> {
  items: T[];
}

export interface Page<T> extends Items<T> {
  /** Counted from 1. */
  page: number;
  per_page: number;
  total: number;
}

export interface Persona {
  persona_id: number;
  ratings_count: number;
  average_rating: number;
  favourite_genres: string[];
}

export interface HistoryEntry {
  movie: Movie;
  rating: number;
  rated_at: string;
}

export interface MyRating {
  movie: Movie;
  rating: number | null;
  not_interested: boolean;
  rated_at: string;
}

export interface WatchlistEntry {
  movie: Movie;
  added_at: string;
}

export interface Genre {
  genre: string;
  movies: number;
}

export const SEARCH_MODES = ['hybrid', 'title', 'semantic'] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];

export interface SearchHit {
  movie: Movie;
  score: number;
  matched: 'title' | 'meaning';
}

export interface Me {
  kind: 'anonymous' | 'guest' | 'user';
  name: string | null;
  is_admin: boolean;
  ratings_count: number;
  csrf_token: string;
}

export interface HomeRow {
  row_id: string;
  kind: string;
  title: string;
  items: Recommendation[];
}

export interface Home {
  release_id: string;
  rows: HomeRow[];
}

export interface ImportedFilm {
  /** Of the file, counted from 1, its header included. */
  line: number;
  movie: Movie;
  rating: number;
}

export interface UnmatchedLine {
  line: number;
  text: string;
  reason: string;
}

export interface Import {
  format: string;
  matched_count: number;
  unmatched_count: number;
  /** The first hundred of each. */
  matched: ImportedFilm[];
  unmatched: UnmatchedLine[];
  /** How many ratings were taken over; null where the file was only looked at. */
  kept: number | null;
}

export interface Ready {
  status: string;
  release_id: string;
  worker: number;
  workers: number;
}

export interface StageProgress {
  stage: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
}

export interface Progress {
  /** In no order; empty where the server cannot tell. */
  stages: StageProgress[];
}

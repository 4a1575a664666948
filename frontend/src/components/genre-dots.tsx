import { genreInks } from './poster/design';

/** A genre's two inks, as on its posters. */
export function GenreDots({ genres }: { genres: string[] }) {
  return (
    <span className="flex gap-1" aria-hidden="true">
      {genres.map((genre) => {
        const { field, a } = genreInks(genre);
        return (
          <svg key={genre} viewBox="0 0 12 12" className="size-3">
            <circle cx="6" cy="6" r="6" fill={field} />
            <path d="M6 0a6 6 0 0 1 0 12z" fill={a} />
          </svg>
        );
      })}
    </span>
  );
}

import type { CSSProperties } from 'react';

import type { Movie } from '@/lib/api-types';

import { design } from './design';
import { usePicture } from './use-picture';

interface Props {
  movie: Movie;
  /** Seen at once on opening the page: load without waiting. */
  eager?: boolean;
}

/** A film's poster, or one printed here. Decoration: whatever shows it also says the title in text. */
export function Poster({ movie, eager = false }: Props) {
  const picture = usePicture(movie.poster_url);
  if (movie.poster_url && picture.shown) {
    return (
      <img
        className="poster object-cover"
        src={movie.poster_url}
        alt=""
        width={342}
        height={513}
        loading={eager ? 'eager' : 'lazy'}
        decoding="async"
        onError={picture.failed}
      />
    );
  }
  return <PrintedPoster movie={movie} />;
}

/** How far the paper's edge may rise, of a poster 200 wide. */
const TILT = 16;

function PrintedPoster({ movie }: { movie: Movie }) {
  const { genre, inks, motif, random, title, titleSize, paperTop } = design(movie);
  const [left, right] = [paperTop * 2 - random() * TILT, paperTop * 2 - random() * TILT];
  const colours = { '--paper': inks.paper, '--ink': inks.ink, '--title': `${titleSize.toFixed(1)}cqw` } as CSSProperties;
  return (
    <div className="poster poster-printed" style={colours} aria-hidden="true">
      <svg viewBox="0 0 200 300" preserveAspectRatio="xMidYMid slice">
        <rect width="200" height="300" fill={inks.field} />
        <g transform={`translate(0 ${(paperTop - 100).toFixed(1)})`}>{motif(random, inks)}</g>
        <path d={`M0 ${left.toFixed(1)}L200 ${right.toFixed(1)}V300H0Z`} fill={inks.paper} />
      </svg>
      <div className="poster-words">
        <span className="poster-title">{title}</span>
        <span className="poster-line">
          <span>{movie.year}</span>
          <span>{genre}</span>
        </span>
      </div>
    </div>
  );
}

/** Which drawing and which inks a film gets: its rarest-looking genre decides, its number varies the rest. */
import type { Movie } from '@/lib/api-types';

import { type Inks, PALETTES } from './inks';
import { type Motif, MOTIFS } from './motifs';

type Palette = keyof typeof PALETTES;

interface Look {
  motif: keyof typeof MOTIFS;
  palettes: [Palette, ...Palette[]];
}

/** From the genre that says most about a film to the one that says least. */
const LOOKS: [genre: string, look: Look][] = [
  ['Film-Noir', { motif: 'blinds', palettes: ['noir', 'steel'] }],
  ['Western', { motif: 'sundown', palettes: ['desert', 'ember'] }],
  ['Musical', { motif: 'waves', palettes: ['blush', 'plum', 'lamp'] }],
  ['Horror', { motif: 'teeth', palettes: ['ember', 'noir', 'plum'] }],
  ['War', { motif: 'chevrons', palettes: ['olive', 'steel', 'bone'] }],
  ['Sci-Fi', { motif: 'orbits', palettes: ['night', 'petrol', 'steel'] }],
  ['Animation', { motif: 'confetti', palettes: ['sky', 'lamp', 'mint'] }],
  ['Documentary', { motif: 'lens', palettes: ['bone', 'steel', 'olive'] }],
  ['Mystery', { motif: 'keyhole', palettes: ['night', 'petrol', 'plum'] }],
  ['Fantasy', { motif: 'moon', palettes: ['plum', 'night', 'meadow'] }],
  ['Children', { motif: 'rainbow', palettes: ['mint', 'lamp', 'sky'] }],
  ['Romance', { motif: 'rings', palettes: ['blush', 'plum', 'petrol'] }],
  ['Crime', { motif: 'cuts', palettes: ['noir', 'ember', 'bone'] }],
  ['Thriller', { motif: 'vertigo', palettes: ['steel', 'ember', 'night'] }],
  ['Adventure', { motif: 'peaks', palettes: ['meadow', 'desert', 'sky'] }],
  ['Action', { motif: 'burst', palettes: ['ember', 'steel', 'lamp'] }],
  ['Comedy', { motif: 'tumble', palettes: ['lamp', 'blush', 'mint'] }],
  ['Drama', { motif: 'faces', palettes: ['petrol', 'bone', 'plum', 'steel'] }],
  ['IMAX', { motif: 'screen', palettes: ['night'] }],
];

const UNKNOWN: Look = { motif: 'screen', palettes: ['steel', 'petrol', 'bone'] };

export interface Design {
  genre: string | null;
  inks: Inks;
  motif: Motif;
  random: () => number;
  /** What is printed: the title less what stands in brackets after it. */
  title: string;
  /** Height of the letters, as a percentage of the poster's width. */
  titleSize: number;
  /** Where the paper under the title begins, in hundredths of the poster's width from its top. */
  paperTop: number;
}

/** Widths of the title's capitals, in their height: of most words, of words with many a W, and of a space. */
const LETTER = 0.36;
const WIDE_LETTER = 0.39;
const SPACE = 0.16;

/** Line height, width between the margins and room for margins and last line, the latter two as titleSize is. */
const LEADING = 0.94;
const MEASURE = 86;
const AROUND = 22;

const HEIGHT = 150;
const LOWEST_PAPER = 100;

export function design({ movie_id, title, genres }: Movie): Design {
  const random = numbers(movie_id);
  const [genre, look] = LOOKS.find(([name]) => genres.includes(name)) ?? [null, UNKNOWN];
  const printed = title.replace(/(?<=\S) *\(.*$/, '');
  const size = titleSize(printed);
  const palette = look.palettes[Math.floor(random() * look.palettes.length)] ?? look.palettes[0];
  return {
    genre,
    inks: PALETTES[palette],
    motif: MOTIFS[look.motif],
    random,
    title: printed,
    titleSize: size,
    paperTop: Math.min(LOWEST_PAPER, HEIGHT - AROUND - lines(printed, size) * LEADING * size),
  };
}

/** The inks of a genre by itself, for its dot in a list. */
export function genreInks(genre: string): Inks {
  const look = LOOKS.find(([name]) => name === genre)?.[1] ?? UNKNOWN;
  return PALETTES[look.palettes[0]];
}

/** As large as the longest word allows, and small enough that the title takes about four lines at most. */
function titleSize(title: string): number {
  const longestWord = Math.max(...title.split(/\s+/).map((word) => word.length));
  const forWord = MEASURE / (longestWord * WIDE_LETTER);
  const forLines = Math.sqrt((MEASURE * 48) / (title.length * LETTER));
  return Math.max(7, Math.min(27, forWord, forLines));
}

/** How many lines the title fills, each word going to the next where it does not fit. */
function lines(title: string, size: number): number {
  let [count, filled] = [1, 0];
  for (const word of title.split(/\s+/)) {
    const width = word.length * LETTER * size;
    const beside = filled + SPACE * size + width;
    if (filled === 0) filled = width;
    else if (beside <= MEASURE) filled = beside;
    else [count, filled] = [count + 1, width];
  }
  return count;
}

/** Marsaglia's xorshift (J. Stat. Soft. 8(14), 2003), seeded by the film: its poster never changes. */
function numbers(seed: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

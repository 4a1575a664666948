/** Five inks a poster is printed in; `ink` on `paper` carries the title and keeps a contrast of 4.5 and more. */
export interface Inks {
  paper: string;
  ink: string;
  field: string;
  a: string;
  b: string;
}

const inks = (paper: string, ink: string, field: string, a: string, b: string): Inks => ({ paper, ink, field, a, b });

export const PALETTES = {
  night: inks('#141b2d', '#f1e9d8', '#22345c', '#f2b93b', '#c8415b'),
  petrol: inks('#0e3f4a', '#f3ead7', '#15616d', '#f2b93b', '#eba6a9'),
  ember: inks('#7a1f22', '#f7e7ce', '#c63d2f', '#f2b93b', '#1b1a1e'),
  lamp: inks('#f2b93b', '#221a10', '#d9482b', '#f7e7ce', '#14353b'),
  bone: inks('#efe6d3', '#1e2326', '#cdbf9f', '#c63d2f', '#14353b'),
  noir: inks('#15161a', '#e9e6df', '#3a3d45', '#e9e6df', '#0b0c0e'),
  blush: inks('#f0c2bc', '#4a1226', '#c8415b', '#f7e7ce', '#4a1226'),
  sky: inks('#bfdde3', '#10333d', '#4e93a8', '#f7e7ce', '#f2b93b'),
  meadow: inks('#1f4d3a', '#f1e9d8', '#4f8a5b', '#f2d27a', '#14281f'),
  plum: inks('#33203f', '#f3e6ea', '#5d3a6e', '#eba6a9', '#f2b93b'),
  desert: inks('#d9773a', '#1e1207', '#f0b969', '#9c2f1f', '#5a2016'),
  olive: inks('#3d4126', '#f0e7cc', '#7c7f45', '#d9482b', '#1f2113'),
  mint: inks('#b9dcc6', '#143a33', '#f0e7cc', '#c8415b', '#1f6f6b'),
  steel: inks('#26343d', '#e8edec', '#4e6470', '#d9482b', '#aebfc6'),
} satisfies Record<string, Inks>;

import { GenreSelect } from '@/components/genre-select';

import { SEARCH_MODES, type SearchMode, type SearchTerms } from './api';

const NAMES: Record<SearchMode, string> = { hybrid: 'Both', title: 'Title', semantic: 'Meaning' };

interface Props {
  terms: SearchTerms;
  onChange: (change: Partial<SearchTerms>) => void;
}

export function SearchFilters({ terms, onChange }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
      <fieldset className="flex items-center gap-2 text-sm">
        <legend className="sr-only">Match by</legend>
        <div className="flex rounded-full border border-edge p-0.5">
          {SEARCH_MODES.map((mode) => (
            <label
              key={mode}
              className="cursor-pointer rounded-full px-4 py-1.5 has-checked:bg-accent has-checked:text-on-accent has-focus-visible:outline-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name="mode"
                className="sr-only"
                checked={terms.mode === mode}
                onChange={() => onChange({ mode })}
              />
              {NAMES[mode]}
            </label>
          ))}
        </div>
      </fieldset>
      <GenreSelect value={terms.genre} onChange={(genre) => onChange({ genre })} />
      <Year label="From" value={terms.year_from} onChange={(year_from) => onChange({ year_from })} />
      <Year label="to" value={terms.year_to} onChange={(year_to) => onChange({ year_to })} />
    </div>
  );
}

interface YearProps {
  label: string;
  value: number | undefined;
  onChange: (year: number | undefined) => void;
}

const FIRST_FILM = 1874;
const LAST_YEAR = 2100;

/** A year counts once it is whole: four figures, and not before the first film. */
function Year({ label, value, onChange }: YearProps) {
  return (
    <label className="flex items-center gap-2 text-sm">
      <span>{label}</span>
      <input
        type="number"
        min={FIRST_FILM}
        max={LAST_YEAR}
        placeholder="year"
        className="field w-24 placeholder:text-muted"
        defaultValue={value}
        onChange={({ target }) => {
          if (target.value === '') onChange(undefined);
          else if (target.validity.valid) onChange(target.valueAsNumber);
        }}
      />
    </label>
  );
}

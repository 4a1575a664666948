import { useQuery } from '@tanstack/react-query';

import { genresQuery } from '@/lib/genres';

interface Props {
  value: string | undefined;
  onChange: (genre: string | undefined) => void;
}

export function GenreSelect({ value, onChange }: Props) {
  const genres = useQuery(genresQuery);
  return (
    <label className="flex items-center gap-2 text-sm">
      <span>Genre</span>
      <select className="field" value={value ?? ''} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">All genres</option>
        {genres.data?.items.map(({ genre }) => (
          <option key={genre} value={genre}>
            {genre}
          </option>
        ))}
      </select>
    </label>
  );
}

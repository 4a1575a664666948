import { type ChangeEvent, type SubmitEvent, useEffect, useState } from 'react';

import { SearchIcon } from '@/components/icons';
import { useDebounced } from '@/lib/use-debounced';

interface Props {
  /** What the page's address asks for. */
  value: string;
  /** Told while the viewer types, once they pause. */
  onType?: (q: string) => void;
  onSubmit: (q: string) => void;
}

export function SearchBox({ value, onType, onSubmit }: Props) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    if (value !== text.trim()) setText(value);
  }
  const settled = useDebounced(text.trim(), 250);
  useEffect(() => {
    if (settled !== value) onType?.(settled);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a pause in typing searches
  }, [settled]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit(text.trim());
  };
  return (
    <search className="w-full">
      <form onSubmit={submit} className="relative">
        <span className="pointer-events-none absolute inset-y-0 left-3 grid place-items-center text-muted">
          <SearchIcon />
        </span>
        <input
          type="search"
          aria-label="Search films"
          placeholder="A title, or what it is about"
          maxLength={200}
          className="field w-full rounded-full pl-10 placeholder:text-muted"
          value={text}
          onChange={(event: ChangeEvent<HTMLInputElement>) => setText(event.target.value)}
        />
      </form>
    </search>
  );
}

interface Props {
  /** 0: the closest films; 1: the most unlike each other. */
  value: number;
  onChange: (diversity: number) => void;
}

export function DiversitySlider({ value, onChange }: Props) {
  return (
    <label className="flex items-center gap-3 text-sm">
      <span>Diversity</span>
      <span className="text-xs text-muted" aria-hidden="true">
        closest
      </span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.1}
        value={value}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        aria-valuetext={`${Math.round(value * 100)} percent`}
        className="w-28 accent-accent"
      />
      <span className="text-xs text-muted" aria-hidden="true">
        widest
      </span>
    </label>
  );
}

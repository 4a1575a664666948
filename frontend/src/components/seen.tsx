import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react';

interface Props {
  /** Called once, when half of the content has come into view. */
  onSeen: () => void;
  children: ReactNode;
}

export function Seen({ onSeen, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useEffectEvent(onSeen);
  useEffect(() => {
    if (box.current === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        observer.disconnect();
        seen();
      },
      { threshold: 0.5 },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return <div ref={box}>{children}</div>;
}

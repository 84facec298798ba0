// Line icons on a 20 px grid, drawn for this app; decoration only, the words beside them carry the meaning.
const PATHS = {
  home: "M3.5 9 10 3.5 16.5 9v7.5h-4.25V12h-4.5v4.5H3.5z",
  list: "M3.5 5.5h13M3.5 10h13M3.5 14.5h8",
  fork: "M3 14h3.5c4 0 4-8 8-8H17M14.5 3.5 17 6l-2.5 2.5M9.5 14h.01M13 14h.01M16.5 14h.01",
  shield: "M10 3l6 2.2v4.3c0 3.6-2.5 6.4-6 7.5-3.5-1.1-6-3.9-6-7.5V5.2zM10 7v3.2M10 12.8h.01",
  pie: "M10 3.5v6.5h6.5A6.5 6.5 0 1 1 10 3.5zM13 3.9A6.5 6.5 0 0 1 16.1 7H13z",
  bell: "M5 8.5a5 5 0 0 1 10 0c0 4 1.5 5 1.5 5h-13S5 12.5 5 8.500zM8.5 16.500h3",
  log: "M6 3.500h6l3.5 3.500v9.500H6zM12 3.500V7h3.500M8.5 10.500h4.500M8.5 13.500h4.5",
  gear: "M10 7.600a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.800zM10 2.800v2M10 15.200v2M4.9 4.900l1.4 1.400M13.7 13.700l1.4 1.400M2.8 10h2M15.2 10h2M4.9 15.100l1.4-1.400M13.7 6.300l1.4-1.4",
  in: "M10 4v11M5.5 10.5 10 15l4.5-4.5",
  out: "M10 16V5M5.5 9.5 10 5l4.5 4.5",
  swap: "M4 7.500h11.500M12.5 4.500l3 3-3 3M16 13H4.500M7.5 10l-3 3 3 3",
  plus: "M10 4.500v11M4.5 10h11",
  close: "M5.5 5.500l9 9M14.5 5.500l-9 9",
  copy: "M7.5 7.500h8v8h-8zM12.5 7.500v-3h-8v8h3",
  check: "M4.5 10.500l3.5 3.5 7.5-8",
  warn: "M10 3.500l7 12.500H3zM10 8.500v3.500M10 14h.01",
  info: "M10 3.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 9v4.500M10 6.500h.01",
  sun: "M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM10 2.500v1.500M10 16v1.500M2.5 10H4M16 10h1.500M4.7 4.700l1 1M14.3 14.300l1 1M4.7 15.300l1-1M14.3 5.700l1-1",
  moon: "M16 11.500A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.500z",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.7 12.700l3.8 3.8",
  undo: "M7 5 3.5 8.5 7 12M3.5 8.500H12a4 4 0 0 1 0 8H9",
  trash: "M4.5 6h11M8 6V4h4v2M6 6l.7 10.500h6.600L14 6",
  download: "M10 3.500v9M6.5 9l3.5 3.500L13.5 9M4 16.500h12",
  upload: "M10 12.500v-9M6.5 7 10 3.5 13.5 7M4 16.500h12",
  chat: "M3.5 4.500h13v9h-7l-3.5 3v-3H3.500z",
  exit: "M8 4H4v12h4M8 10h8.500M13.5 7l3 3-3 3",
  edit: "M4 16l.8-3.200L13 4.600l2.4 2.4-8.2 8.200z",
  offline: "M3 7.500a11 11 0 0 1 14 0M5.5 10.500a7 7 0 0 1 9 0M8 13.300a3.3 3.3 0 0 1 4 0M10 16h.01M4 3l12 14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: one line, and the other one that it might become. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      strokeWidth="3.2"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M3 22h8c5.5 0 6.5-12 17-12" className="mark-line" />
      <path d="M18.5 23h10" className="mark-twin" strokeDasharray="0.1 4.9" />
    </svg>
  );
}

import type { ReactNode } from "react";

// Drawn on a grid of 20, in the text's colour. Icons say nothing to screen
// readers: the control that has one has a name.
function icon(paths: ReactNode) {
  return function Icon({ className }: { className?: string }) {
    return (
      <svg
        viewBox="0 0 20 20"
        width="18"
        height="18"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        className={className}
      >
        {paths}
      </svg>
    );
  };
}

export const ChevronDownIcon = icon(<path d="m5.5 8 4.5 4.5L14.5 8" />);
export const PlusIcon = icon(<path d="M10 4.5v11M4.5 10h11" />);
export const MinusIcon = icon(<path d="M4.5 10h11" />);
export const UpIcon = icon(<path d="M10 15.5v-11m-4.2 4.1L10 4.5l4.2 4.1" />);
export const DownIcon = icon(<path d="M10 4.5v11m-4.2-4.1 4.2 4.1 4.2-4.1" />);
export const CloseIcon = icon(<path d="m5.5 5.5 9 9m0-9-9 9" />);
export const CheckIcon = icon(<path d="m4.5 10.5 3.6 3.6 7.4-8" />);
export const FilterIcon = icon(<path d="M3.5 5h13M6 10h8M8.5 15h3" />);
export const TrashIcon = icon(
  <path d="M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.7 10.5h7.6l.7-10.5M8.5 8.7v4.6M11.5 8.7v4.6" />,
);
export const DuplicateIcon = icon(
  <>
    <rect x="7" y="7" width="9" height="9" rx="1.6" />
    <path d="M4.5 12.5A1.5 1.5 0 0 1 4 11.4V5.5A1.5 1.5 0 0 1 5.5 4h5.9c.4 0 .8.2 1.1.5" />
  </>,
);
export const DownloadIcon = icon(<path d="M10 3.5v9m-3.8-3.6L10 12.7l3.8-3.8M4 16.5h12" />);
export const RefreshIcon = icon(<path d="M16 10a6 6 0 1 1-1.8-4.3M16.2 3v3.2H13" />);
export const StopIcon = icon(<rect x="5.5" y="5.5" width="9" height="9" rx="1.4" />);
export const LineIcon = icon(<path d="m3 14 4.2-5 3.6 3L17 5" />);
export const AreaIcon = icon(
  <>
    <path d="m3 12 4.2-4.5 3.6 2.6L17 4.5" />
    <path d="M3 12v4h14V4.5l-6.2 5.6-3.6-2.6Z" fill="currentColor" fillOpacity=".25" stroke="none" />
  </>,
);
export const BarIcon = icon(<path d="M5 16v-5M10 16V4.5M15 16V8" strokeWidth="2.4" />);
export const StackedIcon = icon(
  <>
    <path d="M5 16v-3M10 16v-5M15 16v-4" strokeWidth="2.4" />
    <path d="M5 10.5v-2M10 8.5v-4M15 9.5v-2" strokeWidth="2.4" opacity=".55" />
  </>,
);
export const PictureIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="1.6" />
    <path d="m3.5 14 4-4 3 3 2-2 4 4" />
    <circle cx="13" cy="7.7" r="1.1" />
  </>,
);
export const TableIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="12" rx="1.6" />
    <path d="M3 8h14M8.5 8v8" />
  </>,
);
export const NumberIcon = icon(<path d="M7.8 4 6.2 16M13.8 4l-1.6 12M3.8 7.8h13M3.2 12.2h13" />);
export const CalendarIcon = icon(
  <>
    <rect x="3.5" y="4.5" width="13" height="12" rx="1.6" />
    <path d="M3.5 8.5h13M7 3v3M13 3v3" />
  </>,
);
export const SunIcon = icon(
  <>
    <circle cx="10" cy="10" r="3.2" />
    <path d="M10 2.5v1.8m0 11.4v1.8M2.5 10h1.8m11.4 0h1.8M4.7 4.7 6 6m8 8 1.3 1.3m0-10.6L14 6m-8 8-1.3 1.3" />
  </>,
);
export const MoonIcon = icon(<path d="M16 11.8A6.6 6.6 0 0 1 8.2 4a6.5 6.5 0 1 0 7.8 7.8Z" />);
export const SystemIcon = icon(
  <>
    <rect x="3" y="4" width="14" height="9.5" rx="1.5" />
    <path d="M7.5 16.5h5M10 13.5v3" />
  </>,
);
export const CopyIcon = DuplicateIcon;
export const AlertIcon = icon(<path d="M10 3.5 17.5 16h-15ZM10 8.3v3.4m0 2.2v.1" />);
export const SearchIcon = icon(
  <>
    <circle cx="9" cy="9" r="4.8" />
    <path d="m12.6 12.6 3.9 3.9" />
  </>,
);
export const LeftIcon = icon(<path d="M12 5.5 7.5 10l4.5 4.5" />);
export const RightIcon = icon(<path d="M8 5.5 12.5 10 8 14.5" />);
export const SignOutIcon = icon(<path d="M12 6V4.5H4.5v11H12V14M8.5 10h8m-2.6-2.8L16.7 10l-2.8 2.8" />);

export const SaveIcon = icon(<path d="M5.5 3.5h9v13L10 12.8l-4.5 3.7Z" />);
export const EditIcon = icon(<path d="m12.5 4.5 3 3L7.3 15.7l-3.8.8.8-3.8Z" />);
export const MoveIcon = icon(
  <path d="M10 2.8v14.4M2.8 10h14.4M8 4.8l2-2 2 2M8 15.2l2 2 2-2M4.8 8l-2 2 2 2M15.2 8l2 2-2 2" />,
);
export const ResizeIcon = icon(<path d="M16 7.5 7.5 16M16 12.5 12.5 16" />);
export const MoreIcon = icon(<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" strokeWidth="2.6" />);
export const FullscreenIcon = icon(<path d="M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4" />);
export const TextIcon = icon(<path d="M4 5h12M4 8.5h12M4 12h8M4 15.5h10" />);

/** The mark: a loaf with its slashes, drawn as a small bar chart would be. */
export function LoafMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" className={className}>
      <path
        d="M5 26.5V15.8C3.2 14.9 2 13.3 2 11.4 2 8 5.6 6 9.4 6h13.2C26.4 6 30 8 30 11.4c0 1.9-1.2 3.5-3 4.4v10.7c0 .8-.7 1.5-1.5 1.5h-19c-.8 0-1.5-.7-1.5-1.5Z"
        fill="var(--crust)"
      />
      <path
        d="M10.5 23v-4.5M16 23V12M21.5 23v-8"
        stroke="var(--on-crust)"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  );
}

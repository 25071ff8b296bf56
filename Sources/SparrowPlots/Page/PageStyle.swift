/// The report page's style sheet: light or dark as the reader's system is, colours that
/// colour-blind readers tell apart (Okabe and Ito).
enum PageStyle {
  static let sheet = """
    :root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5f5f5f; --rule: #dcdcdc;
      --ground: #ffffff; --blue: #0072b2; --orange: #d55e00; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e8e8e8; --soft: #a8a8a8; --rule: #3c3c3c; --ground: #161616;
        --blue: #56b4e9; --orange: #e69f00; }
    }
    body { margin: 2rem auto; padding: 0 1rem; max-width: 52rem; background: var(--ground);
      color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.5rem; margin-bottom: 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin-top: 2.2rem; }
    p, figcaption { color: var(--soft); }
    figure { margin: 1rem 0; }
    figcaption { font-size: 0.9rem; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: 0.2rem 0.9rem; text-align: right; border-bottom: 1px solid var(--rule);
      white-space: nowrap; }
    th:first-child { text-align: left; padding-left: 0; font-weight: normal; }
    svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
    svg text { fill: var(--ink); }
    .grid { stroke: var(--rule); }
    .axis, .error { stroke: var(--soft); }
    .bar { fill: var(--blue); }
    .line { fill: none; stroke: var(--orange); stroke-width: 1.5; }
    .second { stroke: var(--blue); }
    .point { fill: var(--orange); stroke: var(--ground); }
    .reference { fill: var(--ground); stroke: var(--blue); stroke-width: 2.5; }
    """
}

#!/usr/bin/env python3
"""Draws docs/plots/*.json as SVG beside them: curves of measured points, for people.

    Scripts/plot.py docs/plots/frontier.json

A file holds "title", "x" and "y" (labels), and "series": a list of {"name", "points": [[x, y, "label"], ...]},
whose labels may be left out; a series of one point is a mark. "goals" are points that were asked for.
"""

import json
import math
import sys
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 64, 180, 40, 48
COLOURS = ["#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#4b5563"]


def ticks(low, high):
    """Round numbers from low to high, four to ten of them."""
    step = next(m * 10.0 ** e for e in range(-6, 9) for m in (1, 2, 5)
                if (high - low) / (m * 10.0 ** e) < 9)
    return [n * step for n in range(math.ceil(low / step), int(high // step) + 1)]


def draw(plot):
    points = [p for s in plot["series"] for p in s["points"]] + plot.get("goals", [])
    bounds = []
    for axis in (0, 1):
        values = [p[axis] for p in points]
        margin = 0.08 * (max(values) - min(values) or 1)
        bounds.append((min(values) - margin, max(values) + margin))

    def place(p):
        (x0, x1), (y0, y1) = bounds
        return (LEFT + (p[0] - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (p[1] - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="{LEFT}" y="22" font-size="15">{escape(plot["title"])}</text>']
    for axis in (0, 1):
        for value in ticks(*bounds[axis]):
            x, y = place((value, bounds[1][0]) if axis == 0 else (bounds[0][0], value))
            line = (f'x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"' if axis == 0
                    else f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"')
            where = (f'x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle"' if axis == 0
                     else f'x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end"')
            out.append(f'<line {line} stroke="#e5e7eb"/><text {where}>{value:g}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(plot["x"])}</text>')
    out.append(f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(plot["y"])}</text>')
    legend = []
    for index, series in enumerate(plot["series"]):
        colour = COLOURS[index % len(COLOURS)]
        places = [place(p) for p in series["points"]]
        if len(places) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), point in zip(places, series["points"]):
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
            if len(point) > 2:
                out.append(f'<text x="{x + 7:.1f}" y="{y - 6:.1f}" fill="{colour}">{escape(point[2])}</text>')
        legend.append((colour, series["name"], "●"))
    for point in plot.get("goals", []):
        x, y = place(point)
        out.append(f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-size="16">☆</text>')
    if plot.get("goals"):
        legend.append(("#000", "goal", "☆"))
    for index, (colour, name, mark) in enumerate(legend):
        out.append(f'<text x="{WIDTH - RIGHT + 12}" y="{TOP + 14 + 20 * index}" fill="{colour}">{mark} {escape(name)}</text>')
    return "\n".join(out + ["</svg>", ""])


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        plot = json.load(file)
    with open(path.removesuffix(".json") + ".svg", "w", encoding="utf-8") as file:
        file.write(draw(plot))

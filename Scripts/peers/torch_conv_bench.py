#!/usr/bin/env python3
"""Measures the convolutions of `aigc bench` in PyTorch, by their names.

    python3 Scripts/peers/torch_conv_bench.py conv-128-256-16-4s2p1-b64-forward ... --seconds 0.5

A name holds channels, kernels, pixels of the larger map, window, stride, padding, batch and direction. Each direction is
measured as a convolution and as a transposed one where both give it, in both memory layouts, and the
fastest counts. Prints one JSON object a line, as torch_bench.py does, and `way`: which one it was.
Needs: torch.
"""
import argparse, json, re, statistics, time
import torch
import torch.nn.functional as F

FORM = re.compile(r"conv-(\d+)-(\d+)-(\d+)-(\d+)s(\d+)p(\d+)-b(\d+)-(forward|input|weight)")


def gradient(dy, x, weight, stride, padding, transposed, mask):
    return torch.ops.aten.convolution_backward(
        dy, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], transposed, [0, 0], 1, mask)


def ways(name, layout):
    """The calls that compute a direction."""
    *sizes, direction = FORM.fullmatch(name).groups()
    channels, kernels, size, window, stride, padding, batch = map(int, sizes)
    # What a transposed convolution cannot give back: pixels that no window reaches.
    small = (size + 2 * padding - window) // stride + 1
    rest = size - ((small - 1) * stride - 2 * padding + window)
    x = torch.randn(batch, channels, size, size).to(memory_format=layout)
    y = torch.randn(batch, kernels, small, small).to(memory_format=layout)
    weight = torch.randn(kernels, channels, window, window).to(memory_format=layout)
    calls = {
        "forward": {
            "conv": lambda: F.conv2d(x, weight, None, stride, padding),
            "transposed": lambda: gradient(x, y, weight, stride, padding, True, [True, False, False])},
        "input": {
            "conv": lambda: gradient(y, x, weight, stride, padding, False, [True, False, False]),
            "transposed": lambda: F.conv_transpose2d(y, weight, None, stride, padding, rest)},
        "weight": {
            "conv": lambda: gradient(y, x, weight, stride, padding, False, [False, True, False]),
            "transposed": lambda: gradient(x, y, weight, stride, padding, True, [False, True, False])},
    }[direction]
    return calls if rest == 0 else {kind: call for kind, call in calls.items() if kind == "conv"}


def measure(call, seconds):
    for _ in range(2):
        call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter(); call(); times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("names", nargs="+"); p.add_argument("--seconds", type=float, default=0.5)
    p.add_argument("--threads", type=int, default=0)
    a = p.parse_args()
    if a.threads: torch.set_num_threads(a.threads)
    with torch.no_grad():
        for name in a.names:
            torch.manual_seed(0)
            times = {}
            for layout in (torch.contiguous_format, torch.channels_last):
                for kind, call in ways(name, layout).items():
                    times[kind + (" NHWC" if layout == torch.channels_last else " NCHW")] = measure(
                        call, a.seconds / 4)
            best = min(times, key=times.get)
            print(json.dumps({"workload": name, "peer": "torch-" + torch.__version__, "way": best,
                              "median_ms": round(times[best] * 1e3, 4), "threads": torch.get_num_threads()}),
                  flush=True)

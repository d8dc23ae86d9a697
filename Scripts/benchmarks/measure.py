"""What every benchmark shares: processes that are run in turns, and the table of their figures."""
import json, os, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def aigc(options):
    """The program to measure."""
    program = options.aigc or os.path.join(ROOT, ".build/release/aigc")
    if not os.access(program, os.X_OK):
        sys.exit("bench: no %s: run Scripts/aigc --version first" % program)
    return program


class Run:
    """One finished process: seconds, peak memory in MB, its standard output, with `joined` standard error too."""

    def __init__(self, command, folder, joined=False):
        with tempfile.TemporaryFile(dir=folder) as out, tempfile.TemporaryFile(dir=folder) as err:
            start = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out if joined else err)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            self.megabytes = usage.ru_maxrss / 1024
            out.seek(0), err.seek(0)
            self.output = out.read().decode(errors="replace")
            if process.returncode != 0:
                sys.exit("bench: exit code %d: %s\n%s" % (
                    process.returncode, " ".join(command), (err.read().decode(errors="replace") or self.output)[-2000:]))


class Report:
    """Rows of ours, peer and ratio, printed as soon as they are known."""

    def __init__(self, as_json):
        self.as_json = as_json
        self.rows = []
        if not as_json:
            print("%-44s %12s %12s %8s  %-9s %s" % ("", "ours", "peer", "ratio", "unit", "peer is"))

    def add(self, name, unit, better, ours, peer=None, peer_name=""):
        ours, peer = list(ours), list(peer or [])
        median = statistics.median(ours)
        other = statistics.median(peer) if peer else None
        ratio = median / other if other else None
        row = {"schema": 1, "benchmark": name, "unit": unit, "better": better, "ours": median,
               "peer": other, "ratio": ratio, "peer_name": peer_name or None,
               "ours_runs": ours, "peer_runs": peer}
        self.rows.append(row)
        if self.as_json:
            print(json.dumps(row), flush=True)
        else:
            cells = [shown(median), shown(other), "" if ratio is None else "%.3f" % ratio]
            print("%-44s %12s %12s %8s  %-9s %s" % (name, *cells, unit, peer_name), flush=True)


def shown(value):
    if value is None:
        return ""
    return "%.0f" % value if value >= 10000 else "%.2f" % value if value >= 1 else "%.4f" % value


def in_turns(runs, *commands):
    """Runs the functions one after the other, `runs` times: a list of results for each."""
    results = [[] for _ in commands]
    for _ in range(runs):
        for list_, command in zip(results, commands):
            list_.append(command() if command else None)
    return results


def seconds(runs):
    return [run.seconds for run in runs]


def memory(runs):
    return [run.megabytes for run in runs]

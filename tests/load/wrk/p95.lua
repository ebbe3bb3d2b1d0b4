-- libwaitq: SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The libwaitq authors
--
-- wrk tells 50, 75, 90 and 99 % of its latencies. This adds 95, in the form of those.
function done(_, latency, _)
  io.write(string.format("     95%%    %.2fms\n", latency:percentile(95) / 1000))
end

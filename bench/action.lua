-- The same order again and again; prints one line of JSON at the end, as ops.lua does.
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
wrk.body = '{"customer":17,"email":"ann@example.com","note":"Leave it at the door, please","express":true,"price":12.5,"tags":["gift","fragile"]}'

done = function(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  print(string.format(
    '{"requests":%d,"seconds":%f,"failed":%d,"p50":%f,"p99":%f}',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end

#!/usr/bin/env escript
%%! -name near@127.0.0.1 -setcookie skein-bench -kernel inet_dist_use_interface {127,0,0,1} +S 1 +SDio 1
%% Starts a second node beside this one, gives both the code of remote.erl, and prints one line of JSON.
-mode(compile).

main([What, Number]) ->
    File = filename:join(filename:dirname(escript:script_name()), "remote.erl"),
    {ok, remote, Code} = compile:file(File, [binary]),
    {ok, Peer, Far} = peer:start_link(#{name => far, host => "127.0.0.1", longnames => true,
                                        args => ["-setcookie", "skein-bench", "-kernel", "inet_dist_use_interface",
                                                 "{127,0,0,1}", "+S", "1", "+SDio", "1"]}),
    {module, remote} = code:load_binary(remote, File, Code),
    {module, remote} = erpc:call(Far, code, load_binary, [remote, File, Code]),
    case remote:run(list_to_atom(What), Far, list_to_integer(Number)) of
        {Rate, N} -> io:format("{\"value\":~.3f,\"n\":~b}~n", [float(Rate), N]);
        {Middle, Slow, N} -> io:format("{\"p50\":~.3f,\"p99\":~.3f,\"n\":~b}~n", [float(Middle), float(Slow), N])
    end,
    peer:stop(Peer).

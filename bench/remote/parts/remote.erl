%% Erlang's distribution between two nodes of one machine: tell with counts, ask as gen_server:call does it.
-module(remote).
-export([run/3, counter/1, adder/0]).

-define(BATCH, 400).

run(tell, Far, _) ->
    Self = self(),
    Counter = spawn(Far, ?MODULE, counter, [Self]),
    measured(fun(N) -> tell(Counter, N) end, 2 * ?BATCH);
run(ask, Far, Lanes) ->
    Adder = spawn(Far, ?MODULE, adder, []),
    measured(fun(N) ->
        Self = self(),
        [spawn_link(fun() -> ask(Adder, N div Lanes, 0), Self ! done end) || _ <- lists:seq(1, Lanes)],
        [receive done -> ok end || _ <- lists:seq(1, Lanes)]
    end, Lanes);
run(alone, Far, N) ->
    Adder = spawn(Far, ?MODULE, adder, []),
    ask(Adder, 3000, 0),
    Times = lists:sort([begin
        Start = erlang:monotonic_time(nanosecond),
        ask(Adder, 1, 0),
        (erlang:monotonic_time(nanosecond) - Start) / 1000
    end || _ <- lists:seq(1, N)]),
    {lists:nth(N div 2, Times), lists:nth(N * 99 div 100, Times), N}.

measured(Run, Step) ->
    Warm = 50 * Step,
    [Run(Warm) || _ <- lists:seq(1, 10)],
    Ms = took(Run, Warm * 4),
    N = max(1, round(Warm * 4 * 400 / max(Ms, 1) / Step)) * Step,
    Rates = lists:sort([N * 1000 / took(Run, N) || _ <- [1, 2, 3]]),
    {lists:nth(2, Rates), N}.

took(Run, N) ->
    Start = erlang:monotonic_time(microsecond),
    Run(N),
    max((erlang:monotonic_time(microsecond) - Start) / 1000, 0.001).

%% Two batches are on the way; the next leaves when one has been counted.
tell(Counter, N) ->
    batch(Counter, ?BATCH),
    batch(Counter, ?BATCH),
    counted(Counter, 2 * ?BATCH, N).

batch(_, 0) -> ok;
batch(Counter, Left) -> Counter ! {item, binary:copy(<<"x">>, 128)}, batch(Counter, Left - 1).

counted(Counter, Sent, N) ->
    receive
        {more, N} -> Counter ! {reset, self()}, receive was_reset -> ok end;
        {more, _} when Sent < N -> batch(Counter, ?BATCH), counted(Counter, Sent + ?BATCH, N);
        {more, _} -> counted(Counter, Sent, N)
    end.

counter(To) -> counter(To, 0).
counter(To, Count) ->
    receive
        {item, _} when (Count + 1) rem ?BATCH =:= 0 -> To ! {more, Count + 1}, counter(To, Count + 1);
        {item, _} -> counter(To, Count + 1);
        {reset, From} -> From ! was_reset, counter(To, 0)
    end.

adder() -> receive {ask, From, Tag, Value} -> From ! {Tag, Value + 1}, adder() end.

ask(_, N, N) -> ok;
ask(Server, N, Asked) ->
    Tag = erlang:monitor(process, Server),
    Server ! {ask, self(), Tag, Asked},
    receive {Tag, Value} -> Value = Asked + 1, erlang:demonitor(Tag, [flush]) after 5000 -> exit(timeout) end,
    ask(Server, N, Asked + 1).

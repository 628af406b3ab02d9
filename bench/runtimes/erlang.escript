#!/usr/bin/env escript
%%! +S 1 +SDio 1 +P 1000000
%% The benchmarks of bench/messaging in Erlang, with the same batches and counts, timed here. One line of JSON comes out.
-mode(compile).

main([Metric, Step, Max]) ->
    Name = list_to_atom(Metric),
    {Value, N} = case Name of
        memory -> {bytes(list_to_integer(Max), false), list_to_integer(Max)};
        memory_after_a_message -> {bytes(list_to_integer(Max), true), list_to_integer(Max)};
        _ -> rate(Name, list_to_integer(Step), list_to_integer(Max))
    end,
    io:format("{\"value\":~.3f,\"n\":~b}~n", [float(Value), N]).

%% --- measuring, like harness/measure.ts

rate(Name, Step, Max) -> warm(Name, Step, Max, stepped(500, Step, Max)).

warm(Name, Step, Max, N) ->
    Ms = took(Name, N),
    case Ms < 150 andalso N < stepped(Max, Step, Max) of
        true ->
            Factor = min(8, max(2, 150 / max(Ms, 1))),
            warm(Name, Step, Max, stepped(round(N * Factor), Step, Max));
        false ->
            Timed = stepped(round(N * 250 / Ms), Step, Max),
            Rates = lists:sort([Timed * 1000 / took(Name, Timed) || _ <- [1, 2, 3]]),
            {lists:nth(2, Rates), Timed}
    end.

stepped(N, Step, Max) -> max(1, round(min(N, Max) / Step)) * Step.

%% Each run has a process of its own, so that what it leaves behind ends with it.
took(Name, N) ->
    {Pid, Monitor} = spawn_monitor(fun() ->
        Start = erlang:monotonic_time(microsecond),
        case run(Name, N) of
            N -> exit({took, (erlang:monotonic_time(microsecond) - Start) / 1000});
            Other -> exit({counted, Other})
        end
    end),
    receive {'DOWN', Monitor, process, Pid, {took, Ms}} -> erlang:garbage_collect(), Ms end.

bytes(N, IsTold) ->
    Self = self(),
    Before = erlang:memory(processes),
    Pids = [spawn(fun() -> idle(Self) end) || _ <- lists:seq(1, N)],
    case IsTold of
        true -> [P ! 1 || P <- Pids], [receive seen -> ok end || _ <- Pids];
        false -> ok
    end,
    erlang:garbage_collect(),
    Bytes = lists:sum([element(2, process_info(P, memory)) || P <- Pids]) / N,
    true = erlang:memory(processes) > Before,
    Bytes.

idle(To) -> receive _ -> To ! seen, idle(To) end.

%% --- the benchmarks: each gives back what it counted

run(tell, N) ->
    Self = self(),
    Producer = spawn_link(fun() -> produce(N, Self) end),
    Counter = spawn_link(fun() -> count(Producer, 0) end),
    Producer ! {more, Counter, 0},
    receive {done, Count} -> Count end;
run(ping_pong, N) ->
    Self = self(),
    Ping = spawn_link(fun() -> player(0, N div 2, Self) end),
    Pong = spawn_link(fun() -> player(0, infinity, Self) end),
    Ping ! Pong,
    receive {done, Hits} -> Hits * 2 end;
run(thread_ring, N) ->
    Self = self(),
    Last = spawn_link(fun() -> receive {next, Next} -> member(Next, Self) end end),
    First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> member(Next, Self) end) end, Last, lists:seq(2, 100)),
    Last ! {next, First},
    First ! N,
    receive done -> N end;
run(big, N) ->
    Self = self(),
    Pings = N div 128,
    Talkers = [spawn_link(fun() -> receive {others, Others} -> talk(Seed, -1, Pings, Others, Self) end end)
               || Seed <- lists:seq(1, 64)],
    Others = list_to_tuple(Talkers),
    [T ! {others, Others} || T <- Talkers],
    [T ! pong || T <- Talkers],
    lists:sum([receive {done, Messages} -> Messages end || _ <- Talkers]);
run(chameneos, N) ->
    Self = self(),
    Mall = spawn_link(fun() -> mall(N div 4, none, 0, 0, Self) end),
    [begin
        Colour = Each rem 3,
        Creature = spawn_link(fun() -> creature(Mall, Colour, -1) end),
        Creature ! Colour
     end || Each <- lists:seq(0, 99)],
    receive {done, Met} -> Met div 2 * 4 end;
run(fork_join_create, N) -> waves(N, 0);
run(ask, N) ->
    Server = spawn_link(fun adder/0),
    Self = self(),
    [spawn_link(fun() -> ask(Server, N div 64, 0), Self ! done end) || _ <- lists:seq(1, 64)],
    [receive done -> ok end || _ <- lists:seq(1, 64)],
    N;
run(ask_alone, N) -> ask(spawn_link(fun adder/0), N, 0), N;
run(spawn, N) ->
    Pids = [spawn_link(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, N)],
    length(Pids);
run(counting, N) ->
    count_batches(spawn_link(fun() -> counter(0) end), 0, N);
run(philosophers, N) ->
    Self = self(),
    Arbiter = spawn_link(fun() -> arbiter(erlang:make_tuple(20, free), erlang:make_tuple(20, none), 0, 0, Self) end),
    Sitting = [spawn_link(fun() -> philosopher(Seat, 0, N div 20, Arbiter) end) || Seat <- lists:seq(0, 19)],
    [P ! think || P <- Sitting],
    receive {done, Meals} -> Meals end;
run(sleeping_barber, N) ->
    Self = self(),
    Street = spawn_link(fun() -> street(N, 0, queue:new(), Self) end),
    Barber = spawn_link(fun barber/0),
    Room = spawn_link(fun() -> room(Barber, false, 0, queue:new()) end),
    [spawn_link(fun() -> customer(Room, Street) end) ! go || _ <- lists:seq(1, 100)],
    receive {done, Served} -> Served end;
run(bank_transaction, N) ->
    Self = self(),
    Teller = spawn_link(fun() -> receive {accounts, A} -> teller(N, A, 0, -50, 1, Self) end end),
    Accounts = [spawn_link(fun() -> account(Teller, 1000000) end) || _ <- lists:seq(1, 100)],
    Teller ! {accounts, list_to_tuple(Accounts)},
    [Teller ! {receipt, 0} || _ <- lists:seq(1, 50)],
    receive
        {done, Transfers} ->
            Held = lists:sum([begin A ! {balance, self()}, receive {balance, B} -> B end end || A <- Accounts]),
            case Held of 100000000 -> Transfers; _ -> -1 end
    end.

%% --- actors

produce(N, To) ->
    receive
        {more, _, Count} when Count >= N -> To ! {done, Count};
        {more, Counter, _} -> adds(Counter, 500), produce(N, To)
    end.

adds(_, 0) -> ok;
adds(Counter, Left) -> Counter ! {add, 1}, adds(Counter, Left - 1).

count(Producer, Count) ->
    receive
        {add, By} ->
            Next = Count + By,
            case Next rem 500 of 0 -> Producer ! {more, self(), Next}; _ -> ok end,
            count(Producer, Next)
    end.

player(Hits, Hits, To) -> receive _ -> To ! {done, Hits} end;
player(Seen, Hits, To) -> receive From -> From ! self(), player(Seen + 1, Hits, To) end.

member(Next, To) ->
    receive
        0 -> To ! done;
        Left -> Next ! Left - 1, member(Next, To)
    end.

draw(Seed) -> (Seed * 1103515245 + 12345) band 16#7fffffff.

talk(Seed, Pongs, Pings, Others, To) ->
    receive
        {ping, From} -> From ! pong, talk(Seed, Pongs, Pings, Others, To);
        pong when Pongs + 1 =:= Pings -> To ! {done, 2 * Pings}, talk(Seed, Pings, Pings, Others, To);
        pong ->
            Next = draw(Seed),
            element((Next bsr 8) rem 64 + 1, Others) ! {ping, self()},
            talk(Next, Pongs + 1, Pings, Others, To)
    end.

mall(Left, Waiting, Gone, Met, To) ->
    receive
        {bye, Times} when Gone =:= 99 -> To ! {done, Met + Times};
        {bye, Times} -> mall(Left, Waiting, Gone + 1, Met + Times, To);
        {meet, Who, _} when Left =:= 0 -> Who ! closed, mall(Left, Waiting, Gone, Met, To);
        {meet, Who, Colour} when Waiting =:= none -> mall(Left, {Who, Colour}, Gone, Met, To);
        {meet, Who, Colour} ->
            {First, Its} = Waiting,
            Who ! Its,
            First ! Colour,
            mall(Left - 1, none, Gone, Met, To)
    end.

creature(Mall, Colour, Met) ->
    receive
        closed -> Mall ! {bye, Met};
        Colour -> Mall ! {meet, self(), Colour}, creature(Mall, Colour, Met + 1);
        Other ->
            Next = 3 - Colour - Other,
            Mall ! {meet, self(), Next},
            creature(Mall, Next, Met + 1)
    end.

waves(N, N) -> N;
waves(N, Done) ->
    Self = self(),
    [spawn(fun() -> receive Work -> Self ! {reported, Work} end end) ! 1 || _ <- lists:seq(1, 500)],
    waves(N, Done + collect(500, 0)).

collect(0, Sum) -> Sum;
collect(Left, Sum) -> receive {reported, Work} -> collect(Left - 1, Sum + Work) end.

adder() -> receive {ask, From, Tag, Value} -> From ! {Tag, Value + 1}, adder() end.

%% As gen_server:call does it: a monitor is the tag, so that the end of the server ends the ask.
ask(_, N, N) -> ok;
ask(Server, N, Asked) ->
    Tag = erlang:monitor(process, Server),
    Server ! {ask, self(), Tag, Asked},
    receive {Tag, Value} -> Value = Asked + 1, erlang:demonitor(Tag, [flush]) after 5000 -> exit(timeout) end,
    ask(Server, N, Asked + 1).

counter(Count) ->
    receive
        {add, By} -> counter(Count + By);
        {report, To} -> To ! {count, Count}, counter(Count)
    end.

count_batches(_, N, N) -> N;
count_batches(Counter, Count, N) ->
    adds(Counter, 500),
    Counter ! {report, self()},
    Next = Count + 500,
    receive {count, Next} -> count_batches(Counter, Next, N) end.

right(Seat) -> (Seat + 1) rem 20.

arbiter(Forks, Waiting, Gone, Meals, To) ->
    receive
        {leaves, Eaten} when Gone =:= 19 -> To ! {done, Meals + Eaten};
        {leaves, Eaten} -> arbiter(Forks, Waiting, Gone + 1, Meals + Eaten, To);
        {hungry, Seat, Who} ->
            {F, W} = serve(Seat, {Forks, setelement(Seat + 1, Waiting, Who)}),
            arbiter(F, W, Gone, Meals, To);
        {fed, Seat} ->
            Free = setelement(Seat + 1, setelement(right(Seat) + 1, Forks, free), free),
            {F, W} = serve(right(Seat), serve((Seat + 19) rem 20, {Free, Waiting})),
            arbiter(F, W, Gone, Meals, To)
    end.

serve(Seat, {Forks, Waiting}) ->
    Hungry = element(Seat + 1, Waiting),
    case Hungry =/= none andalso element(Seat + 1, Forks) =:= free andalso element(right(Seat) + 1, Forks) =:= free of
        true ->
            Hungry ! eat,
            {setelement(Seat + 1, setelement(right(Seat) + 1, Forks, taken), taken), setelement(Seat + 1, Waiting, none)};
        false -> {Forks, Waiting}
    end.

philosopher(Seat, Eaten, Meals, Arbiter) ->
    Next = receive
        eat -> Arbiter ! {fed, Seat}, Eaten + 1;
        think -> Eaten
    end,
    case Next of
        Meals -> Arbiter ! {leaves, Next};
        _ -> Arbiter ! {hungry, Seat, self()}, philosopher(Seat, Next, Meals, Arbiter)
    end.

street(Haircuts, Served, Out, To) ->
    receive
        {back, Who, false} -> street(Haircuts, Served, queue:in(Who, Out), To);
        {back, _, true} when Served + 1 =:= Haircuts -> To ! {done, Haircuts};
        {back, Who, true} ->
            {{value, Next}, Rest} = queue:out(queue:in(Who, Out)),
            Next ! go,
            street(Haircuts, Served + 1, Rest, To)
    end.

barber() -> receive {Customer, Room} -> Customer ! served, Room ! free, barber() end.

room(Barber, IsBusy, Length, Chairs) ->
    receive
        free when Length =:= 0 -> room(Barber, false, 0, Chairs);
        free ->
            {{value, Next}, Rest} = queue:out(Chairs),
            Barber ! {Next, self()},
            room(Barber, true, Length - 1, Rest);
        Customer when not IsBusy -> Barber ! {Customer, self()}, room(Barber, true, Length, Chairs);
        Customer when Length < 50 -> room(Barber, IsBusy, Length + 1, queue:in(Customer, Chairs));
        Customer -> Customer ! full, room(Barber, IsBusy, Length, Chairs)
    end.

customer(Room, Street) ->
    receive
        go -> Room ! self();
        served -> Street ! {back, self(), true};
        full -> Street ! {back, self(), false}
    end,
    customer(Room, Street).

account(Teller, Balance) ->
    receive
        {transfer, Amount, To} -> To ! {deposit, Amount, self()}, account(Teller, Balance - Amount);
        {deposit, Amount, From} -> From ! {deposited, Amount}, account(Teller, Balance + Amount);
        {deposited, Amount} -> Teller ! {receipt, Amount}, account(Teller, Balance);
        {balance, To} -> To ! {balance, Balance}, account(Teller, Balance)
    end.

teller(N, Accounts, Ordered, Completed, Seed, To) ->
    receive
        {receipt, _} when Completed + 1 =:= N -> To ! {done, N};
        {receipt, _} when Ordered =:= N -> teller(N, Accounts, Ordered, Completed + 1, Seed, To);
        {receipt, _} ->
            Next = draw(Seed),
            From = (Next bsr 8) rem 100,
            Peer = element((From + 1 + Next rem 97) rem 100 + 1, Accounts),
            element(From + 1, Accounts) ! {transfer, 1 + Next band 63, Peer},
            teller(N, Accounts, Ordered + 1, Completed + 1, Next, To)
    end.

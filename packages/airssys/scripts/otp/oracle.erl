%% Runs scenarios on OTP's supervisor and writes down what happens.
%%
%% A recorder process puts everything in one order: a child is let through its
%% start when that is written down, and each child is monitored. Strings of the
%% scenarios arrive as atoms.
-module(oracle).
-export([main/1]).
-export([init/1, start_worker/3, start_named/4]).

-define(settle_rounds, 400).

main([Input, Output]) ->
    logger:set_primary_config(level, none),
    {ok, _} = pg:start_link(),
    {ok, [Scenarios]} = file:consult(Input),
    Lines = [run(Scenario) || Scenario <- Scenarios],
    Release = erlang:system_info(otp_release),
    {ok, Stdlib} = application:get_key(stdlib, vsn),
    ok = file:write_file(Output, [json(#{release => list_to_binary(Release),
                                         stdlib => list_to_binary(Stdlib),
                                         traces => Lines})]),
    halt(0).

%%% One scenario

run(#{supervisor := Spec, steps := Steps} = Scenario) ->
    process_flag(trap_exit, true),
    Recorder = spawn_link(fun() -> recorder(#{log => [], pids => #{}, counts => #{}, hidden => []}) end),
    put(recorder, Recorder),
    erase(loops),
    Started = start_supervisor(Recorder, Spec),
    case Started of
        {ok, Root} ->
            put(root, Root),
            settle(),
            Pending = maps:get(pending, Scenario, none),
            lists:foreach(fun(Step) -> step(Step, Pending), settle() end, Steps),
            finish(Spec);
        {error, _} ->
            receive {'EXIT', _, _} -> ok after 0 -> ok end,
            log("supervisor: not started")
    end,
    Recorder ! {collect, self()},
    Log = receive {log, L} -> L end,
    unlink(Recorder),
    exit(Recorder, kill),
    flush(),
    Log.

finish(_Spec) ->
    Root = get(root),
    case is_process_alive(Root) of
        true ->
            settle(),
            log("alive:" ++ names(alive())),
            get(loops) =:= true orelse log("restarts: " ++ integer_to_list(restarts(Root))),
            log("supervisor: running"),
            hide(),
            unlink(Root),
            Ref = monitor(process, Root),
            exit(Root, shutdown),
            receive {'DOWN', Ref, _, _, _} -> ok end;
        false ->
            Reason = receive {'EXIT', Root, R} -> R after 0 -> gone end,
            settle(),
            log("alive:" ++ names(alive())),
            log("supervisor: ended " ++ reason(Reason))
    end.

%% The restarts in the window, as the supervisor itself counts them.
restarts(Root) ->
    length(element(8, sys:get_state(Root))).

flush() -> receive _ -> flush() after 0 -> ok end.

%%% Steps

step([exit, Id, How], none) -> leave(Id, How);
step([exit, Id, How], Pending) -> with_pending(Pending, Id, How);
step([elapse, Seconds], _) -> elapse(Seconds);
step([link, Id, Other], _) -> worker(Id) ! {link, worker(Other), self()}, receive linked -> ok end;
step([loop, Id, How], _) -> hide(), put(loops, true), leave(Id, How);
step([align], _) -> align();
step([hang, Id], _) -> worker(Id) ! {hang, self()}, receive hanging -> ok end;
step([slow, Id], _) -> worker(Id) ! {slow, self()}, receive hanging -> ok end;
step([stop], _) ->
    Root = get(root),
    unlink(Root),
    Ref = monitor(process, Root),
    exit(Root, shutdown),
    receive {'DOWN', Ref, _, _, Reason} -> self() ! {'EXIT', Root, Reason} end;
step([start, Sup, Child], _) ->
    log("start " ++ s(id(Child)) ++ ": " ++ result(catch supervisor:start_child(sup(Sup), child_spec(Child))));
step(['start-dynamic', Sup, Id], _) ->
    log("start " ++ s(Id) ++ ": " ++ result(catch supervisor:start_child(sup(Sup), [Id])));
step(['terminate-dynamic', Sup, Id], _) ->
    log("terminate " ++ s(Id) ++ ": " ++ result(catch supervisor:terminate_child(sup(Sup), worker(Id))));
step([terminate, Sup, Id], _) ->
    log("terminate " ++ s(Id) ++ ": " ++ result(catch supervisor:terminate_child(sup(Sup), Id)));
step([restart, Sup, Id], _) ->
    log("restart " ++ s(Id) ++ ": " ++ result(catch supervisor:restart_child(sup(Sup), Id)));
step([delete, Sup, Id], _) ->
    log("delete " ++ s(Id) ++ ": " ++ result(catch supervisor:delete_child(sup(Sup), Id)));
step([which, Sup], _) ->
    Children = lists:reverse(supervisor:which_children(sup(Sup))),
    log("which:" ++ lists:append([" " ++ s(Id) ++ "=" ++ place(Pid) || {Id, Pid, _, _} <- Children]));
step(['start-many', Sup, Child, From, To], _) ->
    hide(),
    [{ok, _} = supervisor:start_child(sup(Sup), child_spec(Child#{id => many(Child, N)})) || N <- lists:seq(From, To)];
step(['start-many-dynamic', Sup, Id, From, To], _) ->
    hide(),
    [{ok, _} = supervisor:start_child(sup(Sup), [many(#{id => Id}, N)]) || N <- lists:seq(From, To)];
step(['exit-many', Id, From, To, How], _) ->
    hide(),
    [leave(many(#{id => Id}, N), How) || N <- lists:seq(From, To)];
step([show], _) -> recorder({show, self()}), receive shown -> ok end;
step([count, Sup], _) ->
    Counts = supervisor:count_children(sup(Sup)),
    log("count:" ++ lists:append([" " ++ s(Key) ++ "=" ++ integer_to_list(proplists:get_value(Key, Counts))
                                  || Key <- [specs, active, supervisors, workers]])).

many(#{id := Id}, N) -> list_to_atom(s(Id) ++ integer_to_list(N)).

place(Pid) when is_pid(Pid) -> "running";
place(undefined) -> "ended";
place(restarting) -> "restarting".

result(ok) -> "ok";
result({ok, _}) -> "ok";
result({error, {already_started, _}}) -> "exists and runs";
result({error, already_present}) -> "exists and has ended";
result({error, not_found}) -> "not found";
result({error, running}) -> "runs";
result({error, restarting}) -> "is restarting";
result({error, {{failed, _}, _}}) -> "not started";
result({error, {failed, _}}) -> "not started";
result({error, failed}) -> "not started";
result({error, {failed, _, _}}) -> "not started";
result({'EXIT', _}) -> "no supervisor";
result({error, Other}) -> lists:flatten(io_lib:format("error ~p", [Other])).

leave(Id, killed) ->
    exit(worker(Id), kill);
leave(Id, How) ->
    worker(Id) ! {leave, How}.

%% The second in which a restart is counted has just begun.
align() ->
    Now = erlang:monotonic_time(1),
    wait_for(Now + 1),
    put(second, Now + 1).

elapse(Seconds) ->
    Second = get(second) + Seconds,
    wait_for(Second),
    put(second, Second).

wait_for(Second) ->
    case erlang:monotonic_time(1) of
        Now when Now >= Second -> ok;
        _ -> timer:sleep(1), wait_for(Second)
    end.

%%% What is pending when a child exits

with_pending(Pending, Id, How) ->
    Ids = alive(),
    Before = [prepare(Pending, Each) || Each <- Ids],
    settle(),
    case Pending of
        waiting when How =:= killed ->
            exit(worker(Id), kill);
        waiting ->
            worker(Id) ! {go, {leave, How}};
        _ ->
            leave(Id, How)
    end,
    settle(),
    [after_exit(Pending, Each) || Each <- Before],
    settle(),
    case Pending of
        timer -> timer:sleep(120), settle();
        _ -> ok
    end,
    lists:foreach(fun(Each) -> {Name, Outcome} = outcome(Pending, Each), log(s(Pending) ++ " " ++ s(Name) ++ ": " ++ Outcome) end, Before).

prepare(waiting, Id) ->
    Pid = worker(Id),
    Pid ! {busy, self()},
    receive busy -> ok end,
    Pid ! {note, Id},
    {Id, Pid};
prepare(ask, Id) ->
    Pid = worker(Id),
    Self = self(),
    Recorder = get_recorder(),
    Caller = spawn(fun() ->
        put(recorder, Recorder),
        Ref = monitor(process, Pid),
        Pid ! {hold, self(), Self, Ref},
        receive
            {'DOWN', Ref, _, _, _} -> recorder({outcome, {ask, Id}, "failed"});
            {Ref, answer} -> recorder({outcome, {ask, Id}, "answered"})
        end
    end),
    receive held -> ok end,
    {Id, Caller};
prepare(timer, Id) ->
    Pid = worker(Id),
    Pid ! {timer, 100, Id, self()},
    receive armed -> ok end,
    {Id, Pid};
prepare(stash, Id) ->
    Pid = worker(Id),
    Pid ! {stash, Id, self()},
    receive stashed -> ok end,
    {Id, Pid};
prepare(watcher, Id) ->
    Pid = worker(Id),
    Self = self(),
    Recorder = get_recorder(),
    Watcher = spawn(fun() ->
        put(recorder, Recorder),
        Ref = monitor(process, Pid),
        Self ! watching,
        receive {'DOWN', Ref, _, _, _} -> recorder({outcome, {watcher, Id}, "told"}) end
    end),
    receive watching -> ok end,
    {Id, Watcher};
prepare(name, Id) ->
    {Id, undefined};
prepare(subscription, Id) ->
    Pid = worker(Id),
    Pid ! {subscribe, Id, self()},
    receive subscribed -> ok end,
    {Id, Pid}.

after_exit(waiting, {_Id, Pid}) -> Pid ! {go, continue};
after_exit(stash, {Id, _}) -> tell(Id, unstash);
after_exit(subscription, {Id, _}) -> [Pid ! {note, Id} || Pid <- pg:get_members({topic, Id})];
after_exit(_, _) -> ok.

tell(Id, Message) ->
    case worker(Id) of
        undefined -> ok;
        Pid -> Pid ! Message
    end.

outcome(waiting, {Id, _}) -> {Id, noted(Id, "handled", "lost")};
outcome(stash, {Id, _}) -> {Id, noted(Id, "handled", "lost")};
outcome(timer, {Id, _}) -> {Id, noted(Id, "fired", "gone")};
outcome(subscription, {Id, _}) -> {Id, noted(Id, "delivered", "gone")};
outcome(ask, {Id, _}) -> {Id, told({ask, Id}, "waits")};
outcome(watcher, {Id, _}) -> {Id, told({watcher, Id}, "silent")};
outcome(name, {Id, _}) -> {Id, case whereis(Id) of undefined -> "free"; _ -> "taken" end}.

noted(Id, Yes, No) ->
    case told({note, Id}, none) of none -> No; _ -> Yes end.

told(Key, Default) ->
    recorder({get, Key, self()}),
    receive {outcome, none} -> Default; {outcome, Value} -> Value end.

%%% Supervisors and their children

start_supervisor(Recorder, Spec) ->
    case supervisor:start_link(?MODULE, {Recorder, Spec}) of
        {ok, Pid} -> {ok, Pid};
        Other -> Other
    end.

start_named(Recorder, Spec, _Driver, Id) ->
    case supervisor:start_link(?MODULE, {Recorder, Spec}) of
        {ok, Pid} ->
            Recorder ! {started, Id, Pid, self()},
            receive {ok, Recorder} -> {ok, Pid} end;
        Other ->
            Recorder ! {failed, Id, self()},
            receive {ok, Recorder} -> Other end
    end.

init({Recorder, Spec}) ->
    put(recorder, Recorder),
    Flags = #{strategy => maps:get(strategy, Spec, one_for_one),
              intensity => maps:get(restarts, Spec),
              period => maps:get(within, Spec),
              auto_shutdown => maps:get(auto, Spec, never)},
    Children = case Spec of
        #{template := Template} -> [dynamic_spec(Recorder, Template)];
        #{children := All} -> [child_spec(Child) || Child <- All]
    end,
    {ok, {Flags, Children}}.

id(#{id := Id}) -> Id.

child_spec(#{children := _} = Spec) -> supervisor_spec(Spec);
child_spec(#{template := _} = Spec) -> supervisor_spec(Spec);
child_spec(#{id := Id} = Child) ->
    #{id => Id,
      start => {?MODULE, start_worker, [get(recorder), Child, Id]},
      restart => maps:get(restart, Child, permanent),
      significant => maps:get(significant, Child, false),
      shutdown => shutdown(maps:get(shutdown, Child, 5000)),
      type => worker}.

supervisor_spec(#{id := Id} = Spec) ->
    #{id => Id,
      start => {?MODULE, start_named, [get(recorder), Spec, self(), Id]},
      restart => maps:get(restart, Spec, permanent),
      significant => maps:get(significant, Spec, false),
      shutdown => infinity,
      type => supervisor}.

dynamic_spec(Recorder, Template) ->
    #{id => template,
      start => {?MODULE, start_worker, [Recorder, Template]},
      restart => maps:get(restart, Template, permanent),
      significant => maps:get(significant, Template, false),
      shutdown => shutdown(maps:get(shutdown, Template, 5000)),
      type => worker}.

shutdown(brutal) -> brutal_kill;
shutdown(Other) -> Other.

start_worker(Recorder, Child, Id) ->
    proc_lib:start_link(erlang, apply, [fun worker_init/3, [Recorder, Child, Id]]).

worker_init(Recorder, Child, Id) ->
    Recorder ! {starting, Id, self()},
    Start = receive {start, N} -> N end,
    Fails = lists:member(Start, maps:get('fails-at', Child, [])) orelse Start >= maps:get('fails-from', Child, 1000000),
    case Fails of
        true ->
            Recorder ! {failed, Id, self()},
            receive {ok, Recorder} -> ok end,
            proc_lib:init_ack({error, failed});
        false ->
            put(recorder, Recorder),
            catch register(Id, self()),
            Recorder ! {started, Id, self(), self()},
            receive {ok, Recorder} -> ok end,
            proc_lib:init_ack({ok, self()}),
            worker_loop([])
    end.

worker_loop(Stash) ->
    receive
        {leave, normal} -> exit(normal);
        {leave, shutdown} -> exit(shutdown);
        {leave, abnormal} -> exit(abnormal);
        {leave, defect} -> error(defect);
        {note, Id} -> recorder({outcome, {note, Id}, "yes"}), worker_loop(Stash);
        {busy, From} ->
            From ! busy,
            receive
                {go, {leave, How}} -> self() ! {leave, How}, leave_now();
                {go, continue} -> worker_loop(Stash)
            end;
        {go, _} -> worker_loop(Stash);
        {hold, _Caller, From, _Ref} -> From ! held, worker_loop(Stash);
        {timer, Millis, Id, From} ->
            erlang:send_after(Millis, self(), {note, Id}),
            From ! armed,
            worker_loop(Stash);
        {stash, Id, From} -> From ! stashed, worker_loop([Id | Stash]);
        unstash -> [recorder({outcome, {note, Id}, "yes"}) || Id <- Stash], worker_loop([]);
        {subscribe, Id, From} -> pg:join({topic, Id}, self()), From ! subscribed, worker_loop(Stash);
        {link, Pid, From} -> link(Pid), From ! linked, worker_loop(Stash);
        {hang, From} -> process_flag(trap_exit, true), From ! hanging, hang();
        {slow, From} ->
            process_flag(trap_exit, true),
            From ! hanging,
            receive {'EXIT', _, Reason} -> timer:sleep(50), exit(Reason) end
    end.

leave_now() -> receive {leave, normal} -> exit(normal); {leave, shutdown} -> exit(shutdown); {leave, abnormal} -> exit(abnormal); {leave, defect} -> error(defect) end.

hang() -> receive {never, _} -> ok end.

%%% The recorder

recorder(Message) when is_tuple(Message) ->
    get_recorder() ! Message;
recorder(#{log := Log, pids := Pids, counts := Counts} = State) ->
    receive
        {starting, Id, Pid} ->
            N = maps:get(Id, Counts, 0) + 1,
            Pid ! {start, N},
            recorder(State#{counts => Counts#{Id => N}});
        {started, Id, Pid, From} ->
            monitor(process, Pid),
            From ! {ok, self()},
            recorder(note("start " ++ s(Id), State#{pids => Pids#{Pid => Id}}));
        {failed, Id, From} ->
            From ! {ok, self()},
            recorder(note("start " ++ s(Id) ++ " fails", State));
        {'DOWN', _, _, Pid, Reason} ->
            Id = maps:get(Pid, Pids),
            recorder(note("end " ++ s(Id) ++ " " ++ reason(Reason), State#{pids => maps:remove(Pid, Pids)}));
        {line, Line} -> recorder(State#{log => [Line | Log]});
        {hide, From} -> From ! hidden, recorder(State#{hidden => true});
        {show, From} -> From ! shown, recorder(State#{hidden => []});
        {outcome, Key, Value} -> recorder(State#{{outcome, Key} => Value});
        {get, Key, From} -> From ! {outcome, maps:get({outcome, Key}, State, none)}, recorder(State);
        {pids, From} -> From ! {pids, Pids}, recorder(State);
        {collect, From} -> From ! {log, lists:reverse(Log)}, recorder(State)
    end.

note(Line, #{log := Log, hidden := []} = State) -> State#{log => [Line | Log]};
note(_, State) -> State.

get_recorder() ->
    Recorder = get(recorder),
    true = is_pid(Recorder),
    Recorder.

hide() -> recorder({hide, self()}), receive hidden -> ok end.

log(Line) -> recorder({line, list_to_binary(Line)}).

pids() -> recorder({pids, self()}), receive {pids, Pids} -> Pids end.

worker(Id) ->
    case [Pid || {Pid, Each} <- maps:to_list(pids()), Each =:= Id] of
        [Pid | _] -> Pid;
        [] -> undefined
    end.

sup(root) -> get(root);
sup(Id) -> worker(Id).

alive() -> lists:sort(maps:values(pids())).

names(Ids) -> lists:append([" " ++ s(Id) || Id <- Ids]).

reason(normal) -> "normal";
reason(shutdown) -> "shutdown";
reason(killed) -> "killed";
reason(_) -> "crash".

%% Until no supervisor has anything left to do.
settle() ->
    Rounds = case get(loops) of true -> 10; _ -> ?settle_rounds end,
    settle(Rounds, 3).

settle(0, _) -> get(loops) =:= true orelse log("does not settle");
settle(_, 0) -> ok;
settle(Rounds, Quiet) ->
    Before = pids(),
    Restarting = sync(get(root)),
    erlang:yield(),
    case Restarting =:= false andalso pids() =:= Before of
        true -> settle(Rounds - 1, Quiet - 1);
        false -> settle(Rounds - 1, 3)
    end.

sync(undefined) -> false;
sync(Pid) ->
    case catch supervisor:which_children(Pid) of
        {'EXIT', _} -> false;
        Children ->
            lists:foldl(fun
                ({_, restarting, _, _}, _) -> true;
                ({_, Child, supervisor, _}, Busy) when is_pid(Child) -> sync(Child) orelse Busy;
                (_, Busy) -> Busy
            end, false, Children)
    end.

%%% Output

s(Atom) when is_atom(Atom) -> atom_to_list(Atom).

json(Map) when is_map(Map) ->
    ["{", lists:join(",", [[json(atom_to_binary(Key)), ":", json(Value)] || {Key, Value} <- maps:to_list(Map)]), "}"];
json(List) when is_list(List) -> case List of
    [First | _] when is_integer(First) -> json(list_to_binary(List));
    _ -> ["[", lists:join(",", [json(Each) || Each <- List]), "]"]
    end;
json(Binary) when is_binary(Binary) -> ["\"", Binary, "\""].

import time, brownie
from brownie import accounts, Federation, Miner, FederationFactory, ProofOfWork, chain, web3
from eth_abi import encode
def main():
    a=accounts
    t=time.time()
    f=a[0].deploy(Federation); print('fed gas', f.tx.gas_used, time.time()-t); t=time.time()
    m=a[0].deploy(Miner); print('miner gas', m.tx.gas_used, time.time()-t)
    fac=a[0].deploy(FederationFactory,f,m); pw=a[0].deploy(ProofOfWork)
    P=encode(["uint64","uint32"],[16,10])
    cfg=((b"\1"*32,0x55),(b"\2"*32,0x70),pw.address,P,100,1,64,1,1000,1,1000,3,600,600,100,600,600,2,3,3600,10**8,2)
    t=time.time()
    tx=fac.createFederation(cfg,{"from":a[0]}); print('create', tx.gas_used, time.time()-t)
    fed=Federation.at(tx.return_value) if False else brownie.Contract.from_abi("F", tx.events["FederationCreated"]["federation"], Federation.abi)
    miners=[]
    N=4
    for i in range(N):
        t=time.time()
        tx=fac.createMiner(fed,"http://localhost:1",{"from":a[i+1]}); print('createMiner', tx.gas_used, time.time()-t)
        miners.append(brownie.Contract.from_abi("M", tx.events["MinerCreated"]["miner"], Miner.abi))
    D=8
    for d in range(D):
        t=time.time()
        tx=miners[d%N].registerDevice(b"\3"*32,100,5000,{"from":a[6+d]}); print('register', tx.gas_used, time.time()-t)
    from eth_utils import keccak
    for r in range(1,4):
        if r==1: tx=fed.tick({"from":a[0]}); print('open',tx.gas_used)
        for d in range(D):
            t=time.time()
            tx=miners[d%N].submitUpdate((r,keccak(bytes([r,d])),0x55,1000,5,123456,2300000,1200000+d),{"from":a[6+d]}); last=tx.txid; print(r,'submit',d, tx.gas_used, round(time.time()-t,3))
        heads=[miners[i].pool(r) for i in range(N)]; print(heads[0])
        root=keccak(b"".join(bytes(h[0]) for h in heads))
        for i in range(N):
            tx=fed.vote(r,root,b"\xff"*D,{"from":a[i+1]}); print(r,'vote',i,tx.gas_used)
        s=fed.state(); 
        claim=(r, s[21], s[16], s[17], miners[0].address)
        st=fed.state().dict()
        claim=(r, st['head'], st['updatesRoot'], st['ballotsRoot'], miners[0].address)
        seed=bytes(pw.seed(fed,claim)); diff=pw.difficulty(fed); n=0
        while int.from_bytes(keccak(seed+n.to_bytes(32,'big')),'big')>(2**256-1)//diff: n+=1
        h=(st['height']+1,st['head'],r,st['updatesRoot'],st['ballotsRoot'],b"\5"*32,(b"\6"*32,0x70),(b"\7"*32,0x70),miners[0].address,n.to_bytes(32,'big'))
        tx=fed.propose(h,{"from":a[1]}); print(r,'propose',tx.gas_used)
        c=fed.state().dict()['candidate']
        for i in range(1,4):
            tx=fed.attest(r,c,True,{"from":a[i+1]}); print(r,'attest',i,tx.gas_used)
            if fed.state().dict()['round']!=r: break
    print('PROFILE'); prof(last)
import collections
from brownie import web3
def prof(txid):
    tr=web3.provider.make_request("debug_traceTransaction",[txid,{"disableMemory":True,"disableStack":True}])["result"]
    c=collections.Counter(); n=collections.Counter()
    logs=tr["structLogs"]
    for i,l in enumerate(logs):
        op=l["op"]; 
        g=l["gasCost"]
        nx=logs[i+1] if i+1<len(logs) else None
        if nx and nx["depth"]==l["depth"]: g=l["gas"]-nx["gas"]
        if op in("CALL","STATICCALL","DELEGATECALL"): g=-1
        c[op]+= g if g>0 else 0; n[op]+=1
    print("total",tr["gas"], sum(c.values()))
    for op,g in c.most_common(25): print(f"  {op:14s}{n[op]:5d}{g:8d}")
    for i,l in enumerate(logs):
        if l["op"] in("SLOAD","SSTORE"): 
            nx=logs[i+1]; print(l["depth"],l["pc"],l["op"],l["gas"]-nx["gas"])
    print(len(logs))
    d=collections.Counter(); nn=collections.Counter()
    for i,l in enumerate(logs[:-1]):
        nx=logs[i+1]
        if l["op"] in("SLOAD","SSTORE","LOG3","EXTCODESIZE"): continue
        if nx["depth"]==l["depth"]: d[l["depth"]]+=l["gas"]-nx["gas"]; nn[l["depth"]]+=1
    print("plain gas by depth",d,nn)
    import json
    json.dump([(l["depth"],l["pc"],l["op"],l["gas"]) for l in logs],open("/tmp/t/trace.json","w"))

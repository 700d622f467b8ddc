// Kafka 0.8.2.2's Java producer and its simple consumer behind a pipe: see java_client.py. They
// know neither timestamps nor headers: what is asked of those is passed over.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import kafka.api.FetchRequestBuilder;
import kafka.javaapi.FetchResponse;
import kafka.javaapi.consumer.SimpleConsumer;
import kafka.message.MessageAndOffset;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class JavaClient082 {
    private static final long WITHIN_MS = 30_000;
    private static final int FETCH_BYTES = 4 << 20;

    private final DataInputStream in = new DataInputStream(System.in);
    private final DataOutputStream out = new DataOutputStream(System.out);
    private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
    private SimpleConsumer consumer;
    private String bootstrap;

    public static void main(String[] arguments) throws Exception {
        new JavaClient082().serve();
    }

    private void serve() throws Exception {
        while (true) {
            int command;
            try {
                command = in.readByte();
            } catch (EOFException end) {
                forget();
                return;
            }
            switch (command) {
                case 'b' -> meet(readText());
                case 'w' -> write();
                default -> read();
            }
            out.flush();
        }
    }

    /** The broker that all that follows is about: it must lead every partition. */
    private void meet(String broker) {
        forget();
        bootstrap = broker;
        String[] address = broker.split(":");
        consumer = new SimpleConsumer(address[0], Integer.parseInt(address[1]), 30_000, 1 << 16, "interop");
    }

    private void forget() {
        producers.values().forEach(KafkaProducer::close);
        producers.clear();
        if (consumer != null) {
            consumer.close();
        }
    }

    /** Topic, codec, batches; answers with the offset of each record. */
    private void write() throws IOException, InterruptedException, ExecutionException {
        String topic = readText();
        KafkaProducer<byte[], byte[]> producer = producers.computeIfAbsent(readText(), this::producer);
        int batches = in.readInt();
        List<Future<RecordMetadata>> outcomes = new ArrayList<>();
        for (int batch = 0; batch < batches; batch++) {
            List<Future<RecordMetadata>> together = new ArrayList<>();
            int count = in.readInt();
            for (int number = 0; number < count; number++) {
                int partition = in.readInt();
                in.readLong();
                byte[] key = readNullable();
                byte[] value = readNullable();
                skipHeaders();
                together.add(producer.send(new ProducerRecord<>(topic, partition, key, value)));
            }
            // It has no flush(): batches go out when their time has come.
            for (Future<RecordMetadata> outcome : together) {
                outcome.get();
            }
            outcomes.addAll(together);
        }
        for (Future<RecordMetadata> outcome : outcomes) {
            out.writeLong(outcome.get().offset());
        }
    }

    private KafkaProducer<byte[], byte[]> producer(String codec) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrap, "compression.type", codec,
            "linger.ms", 50, "batch.size", 900_000);
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Topic, number of partitions, number of records; answers with what came in time. */
    private void read() throws IOException {
        String topic = readText();
        long[] offsets = new long[in.readInt()];
        int count = in.readInt();
        List<Integer> partitions = new ArrayList<>();
        List<MessageAndOffset> messages = new ArrayList<>();
        long deadline = System.currentTimeMillis() + WITHIN_MS;
        while (messages.size() < count && System.currentTimeMillis() < deadline) {
            FetchRequestBuilder builder = new FetchRequestBuilder().clientId("interop").maxWait(100);
            for (int id = 0; id < offsets.length; id++) {
                builder.addFetch(topic, id, offsets[id], FETCH_BYTES);
            }
            FetchResponse response = consumer.fetch(builder.build());
            for (int id = 0; id < offsets.length; id++) {
                for (MessageAndOffset message : response.messageSet(topic, id)) {
                    if (message.offset() >= offsets[id]) {
                        partitions.add(id);
                        messages.add(message);
                        offsets[id] = message.nextOffset();
                    }
                }
            }
        }
        out.writeInt(messages.size());
        for (int number = 0; number < messages.size(); number++) {
            out.writeInt(partitions.get(number));
            out.writeLong(messages.get(number).offset());
            out.writeLong(-1);
            out.writeByte(-1);
            writeNullable(messages.get(number).message().key());
            writeNullable(messages.get(number).message().payload());
            out.writeInt(0);
        }
    }

    private void skipHeaders() throws IOException {
        for (int left = in.readInt(); left > 0; left--) {
            readNullable();
            readNullable();
        }
    }

    private String readText() throws IOException {
        return new String(readNullable(), StandardCharsets.UTF_8);
    }

    private byte[] readNullable() throws IOException {
        int size = in.readInt();
        return size < 0 ? null : in.readNBytes(size);
    }

    private void writeNullable(ByteBuffer bytes) throws IOException {
        if (bytes == null) {
            out.writeInt(-1);
            return;
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        out.writeInt(copy.length);
        out.write(copy);
    }
}
